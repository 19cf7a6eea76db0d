const pointedEvent = "lapwing:pointed";

type Pointed = {
  readonly group: string;
  /** Unix milliseconds; undefined where the pointer left. */
  readonly ms: number | undefined;
  readonly from: object;
};

/** Tells the charts of a group which moment the pointer is at in `from`. No group has an empty name. */
export function pointAt(group: string, from: object, ms: number | undefined): void {
  if (group === "") return;
  dispatchEvent(new CustomEvent<Pointed>(pointedEvent, { detail: { group, ms, from } }));
}

/** Calls when the pointer is in another chart of the group than `self`, and when it left it. Gives how to end that. */
export function onPointed(
  group: string,
  self: object,
  call: (ms: number | undefined) => void,
): () => void {
  const listener = (event: Event): void => {
    // Anything may dispatch an event of this name; what is no moment of ours is none.
    if (!(event instanceof CustomEvent)) return;
    const detail: Partial<Pointed> = event.detail ?? {};
    if (detail.group === group && detail.from !== self) call(detail.ms);
  };
  addEventListener(pointedEvent, listener);
  return () => removeEventListener(pointedEvent, listener);
}
