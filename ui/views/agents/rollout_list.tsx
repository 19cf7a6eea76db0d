import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import {
  commandRollout,
  type Rollout,
  type RolloutAgent,
  type RolloutCommand,
} from "../../client/fleet.ts";
import { ConfirmDialog } from "../../overlays/dialog.tsx";
import { showToast } from "../../overlays/toast.ts";
import {
  useConfigurationRollouts,
  useEnrolments,
  useReleases,
  useRolloutAgents,
} from "../../queries/fleet.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { Icon, type IconName } from "../../elements/icon.tsx";
import {
  commandsFor,
  consequence,
  isOpen,
  progressOf,
  progressWords,
  reasonWords,
  rolloutName,
  stageWords,
  stateWords,
} from "./rollout_words.ts";

/** Rights change with the configuration alone. */
const rightsEveryMs = 60_000;
const verbs: Readonly<Record<RolloutCommand, string>> = {
  pause: "Pause",
  resume: "Resume",
  rollback: "Roll back",
};

const icons: Readonly<Record<RolloutCommand, IconName>> = {
  pause: "pause",
  resume: "play",
  rollback: "undo",
};
const looks: Readonly<Record<string, readonly [tone: string, icon: IconName]>> = {
  queued: ["quiet", "clock"],
  running: ["", "play"],
  paused: ["warn", "pause"],
  rolling_back: ["bad", "undo"],
  done: ["good", "check"],
  rolled_back: ["bad", "undo"],
  cancelled: ["quiet", "cross"],
};

/** Rollouts under way, and those that just ended; nothing where there are none. */
export function RolloutList() {
  const { intervalMs } = usePageRange();
  const nowMs = useNow(10_000);
  const configurations = useConfigurationRollouts(intervalMs);
  const releases = useReleases(intervalMs);
  const mayChange = useEnrolments(rightsEveryMs).data?.may_change === true;
  const binary = releases.data?.rollouts[0];
  const open = [...(binary === undefined ? [] : [binary]), ...(configurations.data ?? [])].filter(
    (rollout) => isOpen(rollout, nowMs),
  );
  if (open.length === 0) return null;
  return (
    <section className="block" aria-label="Rollouts">
      <h2>Rollouts</h2>
      <ul className="rollouts">
        {open.map((rollout) =>
          rollout.kind === "binary" ? (
            <One
              key={rollout.id}
              {...{ rollout, mayChange, nowMs }}
              agents={releases.data?.agents ?? []}
            />
          ) : (
            <OfConfiguration key={rollout.id} {...{ rollout, mayChange, nowMs }} />
          ),
        )}
      </ul>
    </section>
  );
}

type OneProps = {
  readonly rollout: Rollout;
  readonly mayChange: boolean;
  readonly nowMs: number;
};

function OfConfiguration(props: OneProps) {
  const { intervalMs } = usePageRange();
  const agents = useRolloutAgents(props.rollout.name, { everyMs: intervalMs, enabled: true });
  return <One {...props} agents={agents.data ?? []} />;
}

function One({
  rollout,
  agents,
  mayChange,
  nowMs,
}: OneProps & { readonly agents: readonly RolloutAgent[] }) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<RolloutCommand>();
  const name = rolloutName(rollout);
  const failed = agents.find(({ state }) => state === "failed");
  const [tone, icon] = looks[rollout.state] ?? ["quiet", "info"];
  const run = async (command: RolloutCommand): Promise<void> => {
    try {
      await commandRollout(rollout, command);
      showToast({ state: "good", title: `${verbs[command]}: ${name}` });
    } catch (thrown) {
      showToast({ state: "bad", title: `${verbs[command]} failed`, detail: messageOf(thrown) });
    }
    await queries.invalidateQueries({ queryKey: ["fleet"] });
  };
  return (
    <li>
      <div className="rollout-words">
        <span className={`state ${tone}`}>
          <Icon name={icon} />
          {stateWords(rollout)}
        </span>
        <strong>{name}</strong>
        <span>
          {[stageWords(rollout), progressWords(agents, rollout.endedMs !== undefined)]
            .filter(Boolean)
            .join("; ")}
        </span>
        <Progress agents={agents} />
        {rollout.reason !== "" && <span>{reasonWords(rollout)}</span>}
        <span className="quiet">
          begun by {rollout.actor}, <Ago ms={rollout.createdMs} nowMs={nowMs} />
        </span>
        {failed !== undefined && failed.reason !== "" && (
          <span className="state bad">
            {failed.agent}: {failed.reason}
          </span>
        )}
      </div>
      {mayChange &&
        commandsFor(rollout).map((command) => (
          <Button key={command} icon={icons[command]} onClick={() => setAsked(command)}>
            {verbs[command]}
          </Button>
        ))}
      {asked !== undefined && (
        <ConfirmDialog
          open
          onOpenChange={() => setAsked(undefined)}
          title={`${verbs[asked]}: ${name}`}
          text={consequence(rollout, asked)}
          verb={verbs[asked]}
          danger={asked === "rollback"}
          onConfirm={() => void run(asked)}
        />
      )}
    </li>
  );
}

/** A part of the bar for each state; the words beside it say the same. */
function Progress({ agents }: { readonly agents: readonly RolloutAgent[] }) {
  if (agents.length === 0) return null;
  return (
    <span className="rollout-bar" aria-hidden>
      {progressOf(agents).map(({ state, count }) => (
        <span key={state} className={state} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
