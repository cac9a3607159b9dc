/** How the store calls an image: its repository and tag at the mirror, which is also the name it is served by. */
import { type ImageReference, withDefaultTag } from "../image/reference.ts";

/** The image's name in the store's index: `team/nginx:1.27` for `registry.example/team/nginx:1.27`. */
export function storeName(target: ImageReference): string {
  const { repository, tag } = withDefaultTag(target);
  return `${repository}:${tag}`;
}
