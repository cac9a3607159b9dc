/** A file of the bundle that goes to the host. */

export interface BundleFile {
  /** Absolute path of the local file, or of the one that `text` was made from. */
  readonly source: string;
  /** What is sent in place of the file's own bytes. */
  readonly text?: string;
  /** Its place in the host's folder: relative, with `/`. */
  readonly name: string;
  /** Bytes that are sent. */
  readonly size?: number;
  /** Permission bits of the source, which the file keeps. */
  readonly mode?: number;
}
