import { useEffect, useState } from "react";
import { showToast } from "../overlays/toast.ts";
import { Icon } from "../elements/icon.tsx";

const sayMs = 2_000;

type Props = {
  /** What is copied, for those who hear the page: "Copy the command". */
  readonly label: string;
  readonly text: string | (() => string);
  /** Whether the word stands beside the picture. */
  readonly word?: string;
};

/** Puts a text into the clipboard, and says so. */
export function CopyButton({ label, text, word }: Props) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), sayMs);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    setDone(await copyText(typeof text === "string" ? text : text()));
  };
  return (
    <button
      type="button"
      className={word === undefined ? "icon-button plain" : "button"}
      aria-label={done ? "Copied" : label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={done ? "check" : "copy"} />
      {word !== undefined && (done ? "Copied" : word)}
    </button>
  );
}

/** Copies, and says in a toast why where it cannot; whether it did. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Browsers offer the clipboard to pages over HTTPS and of localhost alone.
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
    if (copyBySelection(text)) return true;
  } catch {
    // Refused by a policy or the person: said below.
  }
  showToast({
    state: "bad",
    title: "Not copied: this browser refuses the clipboard",
    detail: "Open Lapwing over HTTPS, or copy by hand.",
  });
  return false;
}

function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  area.style.position = "fixed";
  area.style.opacity = "0";
  // Inside an open window, which would take the focus back from anywhere else.
  const place = document.activeElement?.closest("[role='dialog']") ?? document.body;
  place.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
