import * as RadixToast from "radix-ui/toast";
import { useEffect, useState } from "react";
import { Icon } from "../elements/icon.tsx";
import { toastEvent, type Toast } from "./toast.ts";

/** At once; the oldest go first. */
const shownMax = 4;
const stayMs = 6_000;

type Shown = { readonly id: number; readonly toast: Toast };

/** The corner where toasts appear. Once, in the shell. */
export function Toasts() {
  const [shown, setShown] = useState<readonly Shown[]>([]);
  useEffect(() => {
    let next = 0;
    const show = (event: Event): void => {
      if (!(event instanceof CustomEvent)) return;
      const toast: Toast = event.detail;
      next += 1;
      const id = next;
      setShown((now) => withToast(now, { id, toast }));
    };
    addEventListener(toastEvent, show);
    return () => removeEventListener(toastEvent, show);
  }, []);
  return (
    <RadixToast.Provider duration={stayMs} label="Message">
      {shown.map(({ id, toast }) => (
        <ToastCard
          key={id}
          toast={toast}
          onGone={() => setShown((now) => now.filter((each) => each.id !== id))}
        />
      ))}
      <RadixToast.Viewport className="toasts" />
    </RadixToast.Provider>
  );
}

/** A toast with a known key changes where it stands; another is the newest. */
function withToast(shown: readonly Shown[], added: Shown): readonly Shown[] {
  const { key } = added.toast;
  const at = key === undefined ? -1 : shown.findIndex(({ toast }) => toast.key === key);
  const before = shown[at];
  if (before !== undefined) return shown.with(at, { ...added, id: before.id });
  return [...shown, added].slice(-shownMax);
}

function ToastCard({ toast, onGone }: { readonly toast: Toast; readonly onGone: () => void }) {
  const { title, detail, state, action, stays = false } = toast;
  return (
    <RadixToast.Root
      className={`toast ${state ?? ""}`}
      {...(stays && { duration: Number.POSITIVE_INFINITY, type: "background" as const })}
      onEscapeKeyDown={closeBeneath}
      onOpenChange={(open) => {
        if (!open) onGone();
      }}
    >
      {state !== undefined && <Icon name={state === "good" ? "check" : "warning"} />}
      <div className="toast-text">
        <RadixToast.Title className="toast-title">{title}</RadixToast.Title>
        {detail !== undefined && (
          <RadixToast.Description className="quiet">{detail}</RadixToast.Description>
        )}
      </div>
      {action !== undefined && (
        <RadixToast.Action className="button" altText={action.label} onClick={action.onSelect}>
          {action.label}
        </RadixToast.Action>
      )}
      {/* What goes on is ended, not only hidden. */}
      {!stays && (
        <RadixToast.Close className="icon-button plain" aria-label="Close">
          <Icon name="cross" />
        </RadixToast.Close>
      )}
    </RadixToast.Root>
  );
}

/**
 * Escape closes the sheet or dialog that is open, and a toast only after it: a message that came by itself is not what a reader
 * means to leave. A toast that came later is the layer on top, and hears the key alone.
 */
function closeBeneath(event: KeyboardEvent): void {
  if (event.target instanceof Element && event.target.closest(".toast") !== null) return;
  const heads = document.querySelectorAll("[role='dialog'][data-state='open'] > .overlay-head");
  const close = [...heads].at(-1)?.querySelector("button[aria-label='Close']");
  if (!(close instanceof HTMLElement)) return;
  event.preventDefault();
  close.click();
}
