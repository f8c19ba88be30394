const LONGEST = 2200
const SMALL_ENOUGH = 1_500_000

/** A photo as the phone took it is too heavy for a mobile line: smaller, still readable; anything else as it is. */
export async function lighter(file: File): Promise<File> {
  if (!file.type.startsWith('image/') || file.size < SMALL_ENOUGH) return file
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, '.jpg'), { type: 'image/jpeg' }) : file
  } catch {
    // A format that this browser cannot draw goes up as it is.
    return file
  }
}
