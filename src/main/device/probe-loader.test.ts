import { expect, test } from 'vitest'
import { explainRefusal, mountOptionsOf } from './probe-loader'

const enforcing = { selinux: 'Enforcing', mountOptions: ['rw', 'seclabel', 'nosuid', 'nodev'] }

test.each([
  ['SELinux', { exitCode: 126, stderr: "/system/bin/sh: ./ld-linux-aarch64.so.1: can't execute: Permission denied" }, enforcing, /SELinux/],
  ['a maker without SELinux’s word', { exitCode: 126, stderr: 'sh: Permission denied' }, { ...enforcing, selinux: 'Permissive' }, /maker’s system/],
  ['a mount without exec', { exitCode: 126, stderr: 'sh: Permission denied' }, { ...enforcing, mountOptions: ['rw', 'noexec'] }, /noexec/],
  ['another processor', { exitCode: 126, stderr: './ld-linux-aarch64.so.1: not executable: 64-bit ELF file' }, enforcing, /another processor/],
  ['a filter of system calls', { exitCode: 159, stderr: 'Bad system call' }, enforcing, /seccomp/],
  ['a signal', { exitCode: 139, stderr: 'Segmentation fault' }, enforcing, /signal 11/],
  ['nothing known', { exitCode: 1, stderr: 'hm' }, enforcing, null],
])('a loader that does not start tells of %s', (_, result, circumstances, expected) => {
  const means = explainRefusal(result, circumstances)
  if (expected === null) expect(means).toBeNull()
  else expect(means).toMatch(expected)
})

test('options are those of the deepest mount that holds the folder, the last where several lie on one another', () => {
  const mounts = ['/dev/root / ext4 ro,seclabel 0 0', '/dev/dm-1 /data f2fs rw,nosuid 0 0', 'none /data/local tmpfs rw 0 0', 'none /data/local tmpfs rw,noexec 0 0', 'x /data/local/tmp-other tmpfs ro 0 0', '']
  expect(mountOptionsOf('/data/local/tmp/edgefit', mounts)).toEqual(['rw', 'noexec'])
  expect(mountOptionsOf('/data/app', mounts)).toEqual(['rw', 'nosuid'])
  expect(mountOptionsOf('/system', mounts)).toEqual(['ro', 'seclabel'])
})
