import { useEffect, useRef, useState } from "react";
import { useKeys } from "../state/keys.ts";
import { Icon } from "../elements/icon.tsx";

type Props = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Whether "/" anywhere on the page puts the cursor here. One box a page has it. */
  readonly slash?: boolean;
};

/** Text that narrows a list while it is typed; Escape empties it. */
export function FilterBox({ label, value, onChange, slash = true }: Props) {
  const input = useRef<HTMLInputElement>(null);
  // What is typed shows at once; the URL follows in its own time, and must not take letters back meanwhile.
  const [draft, setDraft] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setDraft(value);
  }, [value]);
  const change = (text: string): void => {
    sent.current = text;
    setDraft(text);
    onChange(text);
  };
  const focus = (): void => {
    input.current?.focus();
    input.current?.select();
  };
  useKeys("Page", slash ? [{ keys: "/", words: label, run: focus }] : []);
  return (
    <label className="filter-box">
      <Icon name="search" />
      <span className="hidden">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={slash ? `${label} ( / )` : label}
        value={draft}
        maxLength={200}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          change("");
          event.currentTarget.blur();
        }}
      />
    </label>
  );
}
