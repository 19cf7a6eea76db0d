import { useMemo } from "react";
import type { DashboardLink } from "#shared/dashboards/dashboard.ts";
import { interpolateLink, safeAddress } from "../../dashboards/model/data_links.ts";
import { valuesOf } from "../../dashboards/model/variables.ts";
import { Menu } from "../../overlays/menu.tsx";
import { useDashboards } from "../../queries/dashboards.ts";
import { usePageRange } from "../../state/page_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { openAddress } from "./grid/panel_links.tsx";
import type { VariableStates } from "./state/use_variables.ts";

type Props = {
  readonly links: readonly DashboardLink[];
  readonly uid: string;
  readonly states: VariableStates;
};

/** The links of a dashboard: to addresses, and to the dashboards that have certain tags. */
export function DashboardLinks({ links, uid, states }: Props) {
  return links.map((link, i) =>
    link.kind === "dashboards" ? (
      <TaggedLinks key={i} link={link} uid={uid} states={states} />
    ) : (
      <UrlLink key={i} link={link} states={states} />
    ),
  );
}

type LinkProps = { readonly link: DashboardLink; readonly states: VariableStates };

function UrlLink({ link, states }: LinkProps) {
  const keep = useKept(link, states);
  const variables = useMemo(() => valuesOf(states), [states]);
  const { range } = usePageRange();
  const address = safeAddress(
    withQuery(interpolateLink(link.url ?? "", variables, undefined, range), keep),
  );
  if (address === undefined) return null;
  return (
    <a
      className="button"
      href={address}
      target={link.new_tab === true ? "_blank" : undefined}
      rel="noopener noreferrer"
      title={link.tooltip}
    >
      <Icon name="open" />
      {interpolateLink(link.title, variables, undefined, range)}
    </a>
  );
}

function TaggedLinks({ link, uid, states }: LinkProps & { readonly uid: string }) {
  const dashboards = useDashboards();
  const keep = useKept(link, states);
  const found = (dashboards.data ?? []).filter(
    (row) => row.uid !== uid && link.tags.every((tag) => row.tags.includes(tag)),
  );
  if (found.length === 0) return null;
  const addressOf = (to: string): string =>
    withQuery(`/dashboards/${encodeURIComponent(to)}`, keep);
  if (link.dropdown === true) {
    return (
      <Menu
        label={link.title}
        align="start"
        trigger={
          <button type="button" className="button" title={link.tooltip}>
            {link.title === "" ? "Dashboards" : link.title}
            <Icon name="chevron" />
          </button>
        }
        entries={found.map((row) => ({
          label: row.title,
          onSelect: () => openAddress(addressOf(row.uid), link.new_tab === true),
        }))}
      />
    );
  }
  return found.map((row) => (
    <a
      key={row.uid}
      className="button"
      href={addressOf(row.uid)}
      target={link.new_tab === true ? "_blank" : undefined}
      rel="noopener noreferrer"
    >
      {row.title}
    </a>
  ));
}

/** The parts of this page's address that the link takes along. */
function useKept(link: DashboardLink, states: VariableStates): URLSearchParams {
  const { range } = usePageRange();
  const kept = new URLSearchParams();
  if (link.keep_time === true) {
    kept.set("from", range.from);
    kept.set("to", range.to);
  }
  if (link.keep_variables === true) {
    for (const [name, { chosen }] of states) {
      for (const value of chosen) kept.append(`var-${name}`, value);
    }
  }
  return kept;
}

function withQuery(address: string, kept: URLSearchParams): string {
  const text = kept.toString();
  if (text === "") return address;
  return `${address}${address.includes("?") ? "&" : "?"}${text}`;
}
