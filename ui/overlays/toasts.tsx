import * as RadixToast from "radix-ui/toast";
import { useEffect, useState } from "react";
import { Icon } from "../widgets/icon.tsx";
import { toastEvent, type Toast } from "./toast.ts";

/** At once; the oldest go first. */
const shownMax = 4;
const stayMs = 6_000;

type Shown = { readonly id: number; readonly toast: Toast };

/** The corner where toasts appear. Once, in the frame. */
export function Toasts() {
  const [shown, setShown] = useState<readonly Shown[]>([]);
  useEffect(() => {
    let next = 0;
    const show = (event: Event): void => {
      if (!(event instanceof CustomEvent)) return;
      const toast: Toast = event.detail;
      next += 1;
      const id = next;
      setShown((now) => [...now, { id, toast }].slice(-shownMax));
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

function ToastCard({ toast, onGone }: { readonly toast: Toast; readonly onGone: () => void }) {
  const { title, detail, state, action } = toast;
  return (
    <RadixToast.Root
      className={`toast ${state ?? ""}`}
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
      <RadixToast.Close className="icon-button plain" aria-label="Close">
        <Icon name="cross" />
      </RadixToast.Close>
    </RadixToast.Root>
  );
}
