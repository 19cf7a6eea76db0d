import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { showToast } from "../../../overlays/toast.ts";
import { notifierKey } from "../../../queries/alerts.ts";
import { readItem, writeItem } from "../../../state/stored.ts";

const authorKey = "lapwing.author";

/** The name under which this browser's person last made a silence. */
export function knownAuthor(): string {
  return readItem(authorKey) ?? "";
}

export function rememberAuthor(author: string): void {
  writeItem(authorKey, author);
}

/** Changes silences, says that it is done, and asks for everything that depends on them again. */
export function useSilenceChanges(onDone: () => void) {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const change = async (work: () => Promise<unknown>, title: string): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      showToast({ state: "good", title });
      onDone();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
      // Also after a failure: some of several silences may be there.
      await queries.invalidateQueries({ queryKey: notifierKey });
    }
  };
  return { change, failure, isBusy };
}
