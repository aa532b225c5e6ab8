/** The report that people send: it opens where there is no network. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, expect, test } from '@playwright/test'
import { chromiumBinary, repository } from './hosts'

test('a report opens offline and asks for nothing', async ({}, { outputDir }) => {
  const file = join(outputDir, 'report.html')
  const data = join(repository, 'resources/samples/digits/evaluation.npz')
  const { status, stderr } = spawnSync(process.execPath, [join(repository, 'out/main/cli.js'), 'report', join(repository, 'resources/samples/digits/mobilenet.onnx'), '--data', data, '-o', file], { encoding: 'utf8', env: { ...process.env, EDGEFIT_HOME: join(outputDir, 'home') } })
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const context = await browser.newContext({ offline: true, colorScheme: 'dark' })
    const page = await context.newPage()
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await page.goto(pathToFileURL(file).href)
    await expect(page.getByRole('heading', { name: 'mobilenet.onnx' })).toBeVisible()
    await expect(page.getByRole('img', { name: 'Latency against top-1' })).toBeVisible()
    await expect(page.getByRole('cell', { name: /97\.40 %/ })).toBeVisible()
    expect(requests).toEqual([pathToFileURL(file).href])
    expect(complaints).toEqual([])
  } finally {
    await browser.close()
  }
})
