/** A short word about something that was done, in a corner of the screen. */
export type Toast = {
  /** One with the same key takes the place of the one before: progress, and what came of it. */
  readonly key?: string;
  /** Whether it stays until another takes its place: while something goes on. */
  readonly stays?: boolean;
  readonly title: string;
  readonly detail?: string;
  readonly state?: "good" | "bad";
  /** A way back or onward: "Undo", "Open". */
  readonly action?: { readonly label: string; readonly onSelect: () => void };
};

export const toastEvent = "lapwing:toast";

/** Shows a toast; it leaves by itself after a few seconds unless it says so, and stays while the pointer or the focus is on it. */
export function showToast(toast: Toast): void {
  dispatchEvent(new CustomEvent<Toast>(toastEvent, { detail: toast }));
}
