import { messageOf } from "#shared/errors.ts";
import { answerKinds } from "./ask_process.ts";
import { confine, giveWay, limitMemory, memoryNow } from "./process_limits.ts";

/** The program's side of askProcess(): reads the question, answers it within the limits, and ends. */
export async function answerOnce(
  answer: (question: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  const [, , parent = "", moreBytes = ""] = process.argv;
  confine(Number(parent));
  giveWay();
  limitMemory(memoryNow(), Number(moreBytes));
  const output = Bun.stdout.writer();
  try {
    const bytes = await answer(await Bun.stdin.bytes());
    void output.write(Uint8Array.of(answerKinds.answer));
    void output.write(bytes);
  } catch (thrown) {
    void output.write(Uint8Array.of(answerKinds.failure));
    void output.write(Buffer.from(messageOf(thrown)));
  }
  await output.end();
  process.exit(0);
}
