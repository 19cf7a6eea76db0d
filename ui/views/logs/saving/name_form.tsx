import { useState, type ReactNode } from "react";
import { messageOf } from "#shared/errors.ts";
import { showToast } from "../../../overlays/toast.ts";

type Props = {
  /** What the name is of. */
  readonly label: string;
  readonly verb: string;
  readonly isPending: boolean;
  /** Keeps it under the name, and says what to tell. */
  readonly onName: (name: string) => Promise<{ readonly title: string; readonly detail: string }>;
  /** What a failure is called. */
  readonly failure: string;
  /** What else there is to choose, before the button. */
  readonly children?: ReactNode;
};

/** Keeps what is shown under a name, and says what came of it. */
export function NameForm({ label, verb, isPending, onName, failure, children }: Props) {
  const [name, setName] = useState("");
  const submit = async (): Promise<void> => {
    try {
      const said = await onName(name.trim());
      setName("");
      showToast({ ...said, state: "good" });
    } catch (thrown) {
      showToast({ title: failure, detail: messageOf(thrown), state: "bad" });
    }
  };
  return (
    <form
      className="logs-save"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") void submit();
      }}
    >
      <input
        aria-label={label}
        placeholder={label}
        value={name}
        maxLength={200}
        onChange={(event) => setName(event.target.value)}
      />
      {children}
      <button type="submit" className="button" disabled={name.trim() === "" || isPending}>
        {verb}
      </button>
    </form>
  );
}
