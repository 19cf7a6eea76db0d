import { Link } from "@tanstack/react-router";
import type { Lane } from "../client/query_service.ts";
import { formatCount, formatSpan } from "../units/format.ts";
import { reasonWords, sumLanes } from "../client/account.ts";
import { AccountWord } from "./account_word.tsx";

/** Rows drawn; the caller puts those first that matter, and lets people filter. */
const rowsMax = 200;

type Props = {
  readonly caption: string;
  readonly lanes: readonly Lane[];
  /** Names of agents, where the table holds more than one. */
  readonly nameOf?: (agent: string) => string;
};

/** The loss account, a row a lane, as the equation that it is: collected = stored + in flight + dropped. */
export function AccountTable({ caption, lanes, nameOf }: Props) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="table account">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {nameOf !== undefined && <th scope="col">Host</th>}
            <th scope="col">Signal</th>
            <th scope="col" className="number">
              Collected
            </th>
            <Sign text="=" />
            <th scope="col" className="number">
              Stored
            </th>
            <Sign text="+" />
            <th scope="col" className="number">
              In flight
            </th>
            <Sign text="+" />
            <th scope="col" className="number">
              Dropped
            </th>
            <th scope="col">Reasons</th>
            <th scope="col" className="number">
              Behind
            </th>
            <th scope="col">Account</th>
          </tr>
        </thead>
        <tbody>
          {lanes.slice(0, rowsMax).map((lane) => (
            <LaneRow key={`${lane.agent}\u0000${lane.signal}`} lane={lane} nameOf={nameOf} />
          ))}
        </tbody>
      </table>
      {lanes.length > rowsMax && (
        <p className="quiet">and {lanes.length - rowsMax} more rows; filter to see them</p>
      )}
    </div>
  );
}

function LaneRow({ lane, nameOf }: { readonly lane: Lane; readonly nameOf: Props["nameOf"] }) {
  const account = sumLanes([lane]);
  return (
    <tr>
      {nameOf !== undefined && (
        <th scope="row" className="name-cell">
          <Link to="/hosts/$agent" params={{ agent: lane.agent }} title={nameOf(lane.agent)}>
            {nameOf(lane.agent)}
          </Link>
        </th>
      )}
      <td>{lane.signal}</td>
      <td className="number">{formatCount(account.collected)}</td>
      <Sign text="=" />
      <td className="number">{formatCount(account.stored)}</td>
      <Sign text="+" />
      <td className="number">
        {formatCount(account.inFlight)}
        {lane.backlogItems > 0 && (
          <span className="quiet" title={`${lane.backlogItems} of them were left by an outage`}>
            {" "}
            {formatCount(lane.backlogItems)} from {formatSpan(lane.backlogAgeMs)} ago
          </span>
        )}
      </td>
      <Sign text="+" />
      <td className="number">{formatCount(account.dropped)}</td>
      <td className="reasons">
        {account.reasons.length === 0 ? (
          <span className="quiet">none</span>
        ) : (
          account.reasons.map(([reason, count]) => (
            <span key={reason} className="reason">
              {formatCount(count)} {reasonWords(reason)}
            </span>
          ))
        )}
      </td>
      <td className="number">{lane.behindMs > 0 ? formatSpan(lane.behindMs) : "–"}</td>
      <td>
        <AccountWord account={account} brief />
      </td>
    </tr>
  );
}

function Sign({ text }: { readonly text: string }) {
  return (
    <td className="sign" aria-hidden="true">
      {text}
    </td>
  );
}
