import type { LinearRegex } from "#shared/text/linear_regex.ts";

/** Answers kept a filter. Beyond it all are forgotten, which only costs time: names of containers come and go. */
const answersMax = 4_096;

/** A pattern asked about the same few names each tick: the answer is kept, so that a tick runs no regular expression. */
export function rememberedTest(pattern: LinearRegex): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = pattern.test(text);
    if (answers.size >= answersMax) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}
