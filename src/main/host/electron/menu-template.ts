import type { MenuItemConstructorOptions } from 'electron'

/** What the system expects of a menu; the window's own actions and keys are in the window. */
export function menuTemplate(platform: NodeJS.Platform, appName: string): MenuItemConstructorOptions[] {
  const application: MenuItemConstructorOptions[] =
    platform === 'darwin' ? [{ label: appName, submenu: [{ role: 'about' }, { type: 'separator' }, { role: 'hide' }, { role: 'hideOthers' }, { role: 'unhide' }, { type: 'separator' }, { role: 'quit' }] }] : []
  return [
    ...application,
    { role: 'editMenu' },
    { role: 'viewMenu', submenu: [{ role: 'togglefullscreen' }, { role: 'toggleDevTools' }] },
    { role: 'windowMenu' },
  ]
}
