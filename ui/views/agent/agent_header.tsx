import type { ReactNode } from "react";
import type { Enrolments } from "../../client/fleet.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { formatSpan } from "../../units/format.ts";
import { sumLanes } from "../../client/account.ts";
import { useEnrolments } from "../../queries/fleet.ts";
import { useNow } from "../../state/media.ts";
import { hostPage } from "../../state/places.ts";
import { Fact } from "../../elements/fact.tsx";
import { AccountWord } from "../../widgets/account_word.tsx";
import { Ago } from "../../elements/ago.tsx";
import { Icon } from "../../elements/icon.tsx";
import { StatusWord } from "../../elements/status_word.tsx";
import { offsetText } from "../agents/agent_columns.tsx";
import { clockOffsetWarnMs, needsPerson } from "../agents/agent_rows.ts";
import { RevokeButton } from "./revoke_button.tsx";

type Props = { readonly row: AgentRow; readonly corner: ReactNode; readonly known: boolean };

/** Enrolments change with what people do. */
const enrolmentsEveryMs = 30_000;

/** State, facts and faults of an agent in one band. */
export function AgentHeader({ row, corner, known }: Props) {
  const nowMs = useNow(1_000);
  const enrolments = useEnrolments(enrolmentsEveryMs).data;
  const enrolled = enrolments?.agents.find(({ agent }) => agent === row.agent);
  const { update } = row;
  const needing = row.services.filter(needsPerson).length;
  return (
    <header className="host-header">
      <div className="host-state">
        <StatusWord live={row.live} known={known} />
        <span className="quiet">
          last heartbeat <Ago ms={row.lastSeenMs} nowMs={nowMs} />
        </span>
        <AccountWord account={sumLanes(row.lanes)} />
        {corner}
        <span className="spacer" />
        <nav className="ways" aria-label="Its host">
          <InnerLink to={hostPage(row.agent)}>Host</InnerLink>
          <InnerLink to={hostPage(row.agent, "services")}>
            {needing === 0
              ? "Services"
              : `${needing} ${needing === 1 ? "service" : "services"} in need`}
          </InnerLink>
          <InnerLink to={hostPage(row.agent, "events")}>What changed</InnerLink>
        </nav>
        {enrolled?.revokedMs === undefined
          ? enrolled !== undefined && (
              <RevokeButton
                agent={row.agent}
                name={row.name}
                mayChange={enrolments?.may_change === true}
              />
            )
          : null}
      </div>
      <Facts row={row} nowMs={nowMs} enrolled={enrolled} />
      {(row.faults.length > 0 || (update?.error ?? "") !== "") && (
        <ul className="faults">
          {[...row.faults, ...(update?.error ? [`update failed: ${update.error}`] : [])].map(
            (fault) => (
              <li key={fault} className="state warn">
                <Icon name="warning" />
                <span>{fault}</span>
              </li>
            ),
          )}
        </ul>
      )}
    </header>
  );
}

type FactsProps = {
  readonly row: AgentRow;
  readonly nowMs: number;
  readonly enrolled: Enrolments["agents"][number] | undefined;
};

function Facts({ row, nowMs, enrolled }: FactsProps) {
  const skewed = Math.abs(row.clockOffsetMs) > clockOffsetWarnMs;
  const labels = Object.entries(row.labels);
  const { update, credentials } = row;
  return (
    <dl className="facts">
      <Fact name="Version">
        {row.version === "" ? "unknown" : row.version}
        {update !== undefined && update.wantedRevision !== "" && (
          <span className="quiet">
            {" "}
            {update.state} {update.wantedRevision}
          </span>
        )}
      </Fact>
      <Fact name="Up for">
        {row.live ? formatSpan(Math.max(0, nowMs - row.startedMs)) : "unknown"}
      </Fact>
      <Fact name="Clock offset" warn={skewed}>
        {offsetText(row.clockOffsetMs)}
      </Fact>
      <Fact name="Agent id">
        <code>{row.agent}</code>
      </Fact>
      {labels.length > 0 && (
        <Fact name="Labels">{labels.map(([name, value]) => `${name}=${value}`).join(", ")}</Fact>
      )}
      {enrolled !== undefined && (
        <Fact name="Enrolled" warn={enrolled.revokedMs !== undefined}>
          {enrolled.revokedMs === undefined ? (
            <>
              <Ago ms={enrolled.enrolledMs} nowMs={nowMs} />, token {enrolled.token}
            </>
          ) : (
            <>
              revoked <Ago ms={enrolled.revokedMs} nowMs={nowMs} />
              {!enrolled.isRevocationSent && ", NATS not told yet"}
            </>
          )}
        </Fact>
      )}
      {credentials !== undefined && (
        <Fact name="Credentials expire" warn={credentials.lastError !== ""}>
          <Ago ms={credentials.expiresMs} nowMs={nowMs} />
          {credentials.lastError !== "" && `: ${credentials.lastError}`}
        </Fact>
      )}
    </dl>
  );
}
