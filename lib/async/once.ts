/** `make`, called at most once, when its value is first asked for; a failure is kept as well. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
