/** The keys with one of them where another stands; a key that is absent moves nothing. */
export function movedTo(
  keys: readonly string[],
  key: string,
  target: string | undefined,
): readonly string[] {
  const [from, to] = [keys.indexOf(key), keys.findIndex((each) => each === target)];
  return from < 0 || to < 0 ? keys : keys.toSpliced(from, 1).toSpliced(to, 0, key);
}
