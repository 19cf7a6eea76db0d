import { argv, exit } from "node:process";
import { z } from "zod";
import { attacks } from "./attacks.ts";

const Given = z.object({
  names: z.array(z.string()),
  victim: z.object({
    url: z.string(),
    syslogTcpPort: z.number(),
    gelfUdpPort: z.number(),
    targetsFile: z.string(),
  }),
  ms: z.number(),
});

/**
 * Runs attacks, all at once, in a process of its own: who attacks has a machine of its own, too. Its one argument is JSON: `names` of attacks, the
 * `victim`, and after how many `ms` they end. Prints one JSON object: what the victim answered, by attack.
 */
const { names, victim, ms } = Given.parse(JSON.parse(argv[2] ?? ""));
const signal = AbortSignal.timeout(ms);
const answers: Record<string, string> = {};
await Promise.all(
  attacks
    .filter(({ name }) => names.includes(name))
    .map(async (attack) => {
      answers[attack.name] = await attack.run(victim, signal);
    }),
);
console.log(JSON.stringify(answers));
exit(0);
