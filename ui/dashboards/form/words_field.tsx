import { useEffect, useState } from "react";
import { TextField } from "./fields.tsx";

type Props = {
  readonly label: string;
  readonly description?: string | undefined;
  readonly value: readonly string[];
  readonly placeholder?: string;
  readonly onChange: (words: string[]) => void;
};

/** Words divided by commas, such as tags. What is typed stands as typed: a comma at the end is the beginning of the next word. */
export function WordsField({ value, onChange, placeholder, ...words }: Props) {
  const shown = value.join(", ");
  const [draft, setDraft] = useState(shown);
  useEffect(() => {
    setDraft((now) => (wordsIn(now).join(", ") === shown ? now : shown));
  }, [shown]);
  return (
    <TextField
      {...words}
      value={draft}
      placeholder={placeholder ?? "divided by commas"}
      onChange={(text) => {
        setDraft(text);
        onChange(wordsIn(text));
      }}
    />
  );
}

function wordsIn(text: string): string[] {
  return [...new Set(text.split(",").map((word) => word.trim()))].filter((word) => word !== "");
}
