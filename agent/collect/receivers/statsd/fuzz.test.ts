import { expect, test } from "bun:test";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { Held } from "../receiver.fixture.ts";
import { StatsdConfig } from "./config.ts";
import { StatsdIntake } from "./intake.ts";

// Mutated packets: none fails, what is taken goes through the frames' encoder (which the fixture runs), and a good line beside
// a bad one is always there. The seed makes a failure come again.

const rounds = 3_000;
const seed = fuzzSeed();
const packets = [
  "a.b:1:2.5:3|ms|@0.5|#x:y,z|c:ci-1|T1760000000\na:1|c|2|g",
  "a,k=v:1|c\na#k=v:-1|g\na[k=v].b:x|s\na;k=v:1e3|h\ngauge:+5|g|T1760000000",
  "_e{5,4}:title|text|d:1760000000|t:error|#a:b\n_sc|name|2|h:host|#a:b|m:it | is",
].map((text) => Buffer.from(text));

for (const type of ["native", "classic", "summary"] as const)
  test(`${rounds} mutated packets, with ${type} observers (FUZZ_SEED=${seed})`, async () => {
    const held = new Held();
    const config = StatsdConfig.parse({ observer_type: type, series_max: 2_000 });
    const intake = new StatsdIntake(config, held.context(), undefined);
    const random = randomOf(seed);
    const good = Buffer.from("\ngood:1|c\n");
    for (let round = 1; round <= rounds; round++) {
      const bad = mutated(packets[random(packets.length)] ?? Buffer.alloc(0), random);
      const packet = Buffer.concat([bad, good]);
      intake.take(packet, 0, packet.length);
      if (round % 500 !== 0) continue;
      held.nowMs += 15_000;
      await intake.write(held.nowMs);
    }
    await intake.written();
    expect(held.of({ __name__: "good" }).at(-1)?.value).toBe(rounds);
    expect(held.drops.invalid_sample).toBeGreaterThan(100);
    expect(held.names().length).toBeGreaterThan(50);
    expect(held.logs.length).toBeGreaterThan(50);
  });
