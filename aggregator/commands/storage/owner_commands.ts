import type { Command } from "commander";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { describeProcess } from "#shared/runtime/process/process_identity.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { confirmClock } from "../../blocks/retention/clock_guard.ts";
import { type Adoption, adoptStorage, planAdoption } from "../../tools/adopt_storage.ts";
import { writeState } from "../../catalog/maintenance_state.ts";
import { within } from "./within.ts";

type YesFlags = ConfigFlags & { readonly yes?: boolean };

/** `lapwing storage adopt|sweep|confirm-clock`: what Lapwing does not decide alone. */
export function ownerCommands(command: Command): void {
  configFlags(
    command
      .command("adopt")
      .description("make this catalog the owner of the storage (nothing else may run)"),
  )
    .option("--yes", "do it; without, only show what would change")
    .action(adopt);
  configFlags(
    command
      .command("sweep")
      .description("let the next sweep move all files without a row to the trash, however many"),
  )
    .option("--yes", "do it; without, only count them")
    .action(sweep);
  configFlags(
    command
      .command("confirm-clock")
      .description("say that this machine's clock is right, where Lapwing stopped deletion for it"),
  ).action(confirm);
}

async function adopt(flags: YesFlags): Promise<void> {
  await within(flags, "write", async (tools) => {
    const plan = await planAdoption(tools);
    for (const line of adoptionLines(plan)) console.log(line);
    if (flags.yes === true) {
      await adoptStorage(tools, plan);
      console.log(`the storage belongs to the catalog ${plan.catalog} now`);
      return;
    }
    console.log("nothing was changed: run it again with --yes");
    process.exitCode = 1;
  });
}

function adoptionLines(plan: Adoption): string[] {
  const { catalog, owner, blocks, blocksThere, unknown, processes } = plan;
  return [
    `the storage belongs to the catalog ${owner ?? "(none)"}; this one is ${catalog}`,
    `${blocks} blocks in this catalog, ${blocksThere} of their files in the storage`,
    `${unknown} block files that this catalog does not know` +
      (unknown === 0
        ? ""
        : ": they stay, and are not read. `lapwing storage rebuild`, into an empty catalog, reads them"),
    ...processes.map(
      (one) => `${describeProcess(one)} may be at work on the storage: stop it first`,
    ),
  ];
}

async function confirm(flags: ConfigFlags): Promise<void> {
  const nowMs = systemClock.now();
  await within(flags, "read", ({ catalog }) => confirmClock(catalog, systemClock));
  console.log(
    `the clock says ${new Date(nowMs).toISOString()}: the next round of maintenance goes by it`,
  );
}

async function sweep(flags: YesFlags): Promise<void> {
  await within(flags, "read", async (tools) => {
    const { unknown } = await planAdoption(tools);
    console.log(`${unknown} block files that the catalog does not know`);
    if (flags.yes === true) {
      await writeState(tools.catalog, "sweep_allowed", { atMs: Date.now() });
      console.log(
        "the next round of maintenance moves those of this catalog's processes to the trash",
      );
      return;
    }
    console.log("nothing was changed: run it again with --yes");
    process.exitCode = 1;
  });
}
