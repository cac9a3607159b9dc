/** What will be done, as a value: nothing happens here. */
import type { ImageReference } from "./reference.ts";

/** One image to copy from its public name to the mirror. */
export interface Transfer {
  readonly source: ImageReference;
  readonly target: ImageReference;
  /** The platform wanted, `os/arch[/variant]`. */
  readonly platform: string;
  /** The services that use it, in code-point order. */
  readonly services: readonly string[];
}
