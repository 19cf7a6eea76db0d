import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createToken, type Enrolments, type MadeToken } from "../../client/fleet.ts";
import { Select } from "../../overlays/select.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { useEnrolments } from "../../queries/fleet.ts";
import { useNow } from "../../state/media.ts";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { ErrorText } from "../../widgets/error_text.tsx";
import { Picture, Skeleton } from "../../widgets/picture.tsx";
import { plainConfig, readLabels, tokenCommand, type EnrolTerms } from "./enrol_commands.ts";
import { Command, HostCommands } from "./host_commands.tsx";
import { TokenList } from "./token_list.tsx";

type Props = { readonly open: boolean; readonly onOpenChange: (open: boolean) => void };

const ttls = [
  { value: "15m", label: "15 minutes" },
  { value: "1h", label: "1 hour" },
  { value: "1d", label: "1 day" },
  { value: "7d", label: "7 days" },
];
const usesMax = 100_000;
/** Somebody waits for their host to appear. */
const everyMs = 5_000;

/** How a host comes to send: a token and the commands to run there, or what to write where none are used. */
export function EnrolSheet({ open, onOpenChange }: Props) {
  return (
    <Sheet open={open} onOpenChange={onOpenChange} title="Enrol a host" size="wide">
      {open && <Content />}
    </Sheet>
  );
}

function Content() {
  const enrolments = useEnrolments(everyMs);
  return (
    <Picture query={enrolments} skeleton={<Skeleton rows={4} height={40} />}>
      {(state) =>
        state === null ? (
          <p>
            Agent and aggregator are one process here: it watches its own host alone. Run{" "}
            <code>lapwing aggregator</code> and NATS for more hosts (docs/install.md).
          </p>
        ) : state.can_enrol ? (
          <WithTokens state={state} />
        ) : (
          <WithoutTokens servers={state.servers} />
        )
      }
    </Picture>
  );
}

/** Plain NATS: whoever reaches it may send. */
function WithoutTokens({ servers }: { readonly servers: readonly string[] }) {
  return (
    <div className="enrol">
      <p>
        This aggregator hands out no credentials (<code>fleet.keys</code> is not set): any agent
        that can connect to its NATS server may send. Write this on the host, with credentials where
        the server asks for them:
      </p>
      <Command label="the configuration" text={plainConfig(servers)} />
      <Command label="the command" text="sudo lapwing agent --config /etc/lapwing/lapwing.yaml" />
      <p className="quiet">
        To give each agent credentials of its own: <code>lapwing fleet init</code> (docs/fleet.md).
      </p>
    </div>
  );
}

function WithTokens({ state }: { readonly state: Enrolments }) {
  const [made, setMade] = useState<MadeToken>();
  return (
    <div className="enrol">
      {made === undefined ? (
        <TokenForm mayChange={state.may_change} servers={state.servers} onMade={setMade} />
      ) : (
        <Made made={made} state={state} onAgain={() => setMade(undefined)} />
      )}
      <TokenList tokens={state.tokens} mayChange={state.may_change} />
    </div>
  );
}

function TokenForm({
  mayChange,
  servers,
  onMade,
}: {
  readonly mayChange: boolean;
  readonly servers: readonly string[];
  readonly onMade: (made: MadeToken) => void;
}) {
  const queries = useQueryClient();
  const [terms, setTerms] = useState<EnrolTerms>({ ttl: "1h", uses: 1, labels: "" });
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const read = readLabels(terms.labels);
  const fault = "fault" in read ? read.fault : undefined;
  const make = async (): Promise<void> => {
    if (!("labels" in read)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      onMade(await createToken({ ttl: terms.ttl, uses: terms.uses, labels: read.labels }));
      await queries.invalidateQueries({ queryKey: ["fleet", "enrolments"] });
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="enrol-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (mayChange) void make();
      }}
    >
      <p className="quiet">
        A token lets so many hosts enrol within so long. Each gets a key of its own and can send
        nothing in another's name.
      </p>
      <TermFields terms={terms} fault={fault} onChange={setTerms} />
      {failure !== undefined && <ErrorText error={failure} what="No token was made" />}
      {mayChange ? (
        <button
          type="submit"
          className="button primary"
          disabled={isBusy || fault !== undefined || terms.uses < 1 || terms.uses > usesMax}
        >
          Make token
        </button>
      ) : (
        <ByCommand terms={terms} servers={servers} />
      )}
    </form>
  );
}

type FieldsProps = {
  readonly terms: EnrolTerms;
  /** What is wrong with the labels. */
  readonly fault: string | undefined;
  readonly onChange: (terms: EnrolTerms) => void;
};

function TermFields({ terms, fault, onChange }: FieldsProps) {
  return (
    <>
      <div className="enrol-fields">
        <Select
          label="Holds for"
          showLabel
          value={terms.ttl}
          options={ttls}
          onChange={(ttl) => onChange({ ...terms, ttl })}
        />
        <label>
          Hosts
          <input
            type="number"
            className="text-field"
            min={1}
            max={usesMax}
            required
            value={terms.uses}
            onChange={(event) =>
              onChange({ ...terms, uses: Math.trunc(Number(event.target.value)) })
            }
          />
        </label>
        <label className="enrol-labels">
          Labels on all that they send
          <input
            className="text-field"
            placeholder="site=north, role=web"
            value={terms.labels}
            aria-invalid={fault !== undefined}
            onChange={(event) => onChange({ ...terms, labels: event.target.value })}
          />
        </label>
      </div>
      {fault !== undefined && <p className="field-fault">{fault}</p>}
    </>
  );
}

/** Where nothing may be changed over HTTP. */
function ByCommand({
  terms,
  servers,
}: {
  readonly terms: EnrolTerms;
  readonly servers: readonly string[];
}) {
  return (
    <>
      <p>
        Tokens are not made here, because there is no login yet. Run this on the aggregator's host,
        or set <code>fleet.http_changes: true</code> where only people you trust reach this page:
      </p>
      <Command label="the command that makes a token" text={tokenCommand(terms)} />
      <p>Then, on the host, with the token that it prints:</p>
      <HostCommands token="TOKEN" servers={servers} />
    </>
  );
}

function Made({
  made,
  state,
  onAgain,
}: {
  readonly made: MadeToken;
  readonly state: Enrolments;
  readonly onAgain: () => void;
}) {
  const nowMs = useNow(1_000);
  const enrolled = state.agents.filter(({ token }) => token === made.id);
  return (
    <section className="enrol" aria-label="Commands for the host">
      <p>
        Run on the host. The token is shown this once, expires{" "}
        <Ago ms={made.expiresMs} nowMs={nowMs} />, and enrols{" "}
        {made.usesMax === 1 ? "one host" : `${made.usesMax} hosts`}.
      </p>
      <HostCommands token={made.token} servers={state.servers} />
      <p role="status" className={enrolled.length === 0 ? "quiet" : "state good"}>
        {enrolled.length === 0
          ? "No host has used it yet. This page looks every few seconds."
          : `Enrolled: ${enrolled.map(({ name }) => name).join(", ")}`}
      </p>
      <Button onClick={onAgain}>Make another token</Button>
    </section>
  );
}
