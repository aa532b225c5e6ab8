/** A description of data (`/home/ada/data/calibration.npz: 256 samples; …`) with names of files alone: what is read in a panel or sent to others. */
export function withoutFolders(description: string): string {
  return description.replace(/(^|[\s(])(?:[A-Za-z]:)?[\\/][^:;]*[\\/](?=[^\\/:;]+: )/g, '$1')
}
