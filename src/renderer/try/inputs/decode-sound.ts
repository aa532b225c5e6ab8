/** Any sound the browser can decode, as one channel at the rate a model wants. Values are rounded: they travel as text. */
export async function decodeSound(bytes: ArrayBuffer, sampleRate: number): Promise<number[]> {
  const decoder = new OfflineAudioContext(1, 1, 44_100)
  const sound = await decoder.decodeAudioData(bytes)
  const length = Math.max(1, Math.round(sound.duration * sampleRate))
  const context = new OfflineAudioContext(1, length, sampleRate)
  const source = context.createBufferSource()
  source.buffer = sound
  source.connect(context.destination)
  source.start()
  const rendered = await context.startRendering()
  return Array.from(rendered.getChannelData(0), (value) => Math.round(value * 32_767) / 32_767)
}
