/** What a browser calls itself, in few words. For measurements, not for deciding anything. */
export function browserName(userAgent: string): { browser: string; device: string | null } {
  const named = [
    ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
    ['Edge', /Edg(?:A|iOS)?\/(\d+)/],
    ['Samsung Internet', /SamsungBrowser\/(\d+)/],
    ['Chrome', /(?:Headless)?(?:Chrome|CriOS)\/(\d+)/],
    ['Safari', /Version\/(\d+)[\d.]*.* Safari\//],
  ] as const
  const found = named.flatMap(([name, pattern]) => {
    const version = pattern.exec(userAgent)?.[1]
    return version === undefined ? [] : [`${name} ${version}`]
  })[0]
  const device = /iPhone|iPad/.exec(userAgent)?.[0] ?? /Android [\d.]+(?:; ([^;)]+))?/.exec(userAgent)?.[0] ?? /\(([^;)]+)/.exec(userAgent)?.[1] ?? null
  return { browser: found ?? 'unknown browser', device }
}
