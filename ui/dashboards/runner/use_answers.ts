import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { AnswerState, AnswerStore } from "./answer_store.ts";
import type { Question } from "./question.ts";

/** The answers to some questions in their order, asked for as long as `isWatched`. */
export function useAnswers(
  store: AnswerStore,
  questions: readonly Question[],
  isWatched: boolean,
): readonly AnswerState[] {
  const identity = JSON.stringify(questions.map(({ key, ref }) => [key, ref]));
  // eslint-disable-next-line react-hooks/exhaustive-deps -- equal questions are the same ones
  const stable = useMemo(() => questions, [identity]);
  const subscribe = useCallback(
    (onChange: () => void) => {
      const ends = isWatched ? stable.map((question) => store.watch(question, onChange)) : [];
      return () => {
        for (const end of ends) end();
      };
    },
    [store, stable, isWatched],
  );
  const version = useSyncExternalStore(subscribe, () =>
    store.version(stable.map(({ key }) => key)),
  );
  return useMemo(() => {
    void version;
    return stable.map(({ key }) => store.state(key));
  }, [store, stable, version]);
}
