/** Whether a part of the element is in the window: a tooltip of what nobody sees would only lie in the way. */
export function isSeen(element: Element | null): boolean {
  if (element === null) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 40 && top < innerHeight - 40;
}
