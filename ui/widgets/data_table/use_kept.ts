import { useState } from "react";

/** A state of the page where it keeps one, in its URL for instance, else one of the table. */
export function useKept<Value>(
  given: Value,
  onChange: ((value: Value) => void) | undefined,
): readonly [Value, (value: Value) => void] {
  const [own, setOwn] = useState<Value>(given);
  return onChange === undefined ? [own, (value) => setOwn(() => value)] : [given, onChange];
}
