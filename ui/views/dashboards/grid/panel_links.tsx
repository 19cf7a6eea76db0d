import type { DashboardLink } from "#shared/dashboards/dashboard.ts";
import { interpolateLink, safeAddress } from "../../../dashboards/model/data_links.ts";
import { interpolate, type VariableValues } from "../../../dashboards/model/interpolate.ts";
import { Menu } from "../../../overlays/menu.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { useBoard } from "../state/board_context.ts";

type Props = {
  readonly links: readonly DashboardLink[];
  readonly variables: VariableValues;
  readonly title: string;
};

/** The links of a panel under one sign. Only addresses that are safe to open. */
export function PanelLinks({ links, variables, title }: Props) {
  const { range } = useBoard().scope;
  const safe = links.flatMap((link) => {
    const address = safeAddress(interpolateLink(link.url ?? "", variables, undefined, range));
    if (address === undefined) return [];
    return [{ label: interpolate(link.title, variables, "text"), address, link }];
  });
  const [only] = safe;
  if (only === undefined) return null;
  if (safe.length === 1) {
    return (
      <a
        className="icon-button plain"
        href={only.address}
        target={only.link.new_tab === true ? "_blank" : undefined}
        rel="noopener noreferrer"
        title={only.label}
        aria-label={only.label}
      >
        <Icon name="link" />
      </a>
    );
  }
  return (
    <Menu
      label={`Links of ${title}`}
      trigger={
        <button type="button" className="icon-button plain" aria-label={`Links of ${title}`}>
          <Icon name="link" />
        </button>
      }
      entries={safe.map(({ label, address, link }) => ({
        label,
        icon: "open" as const,
        onSelect: () => openAddress(address, link.new_tab === true),
      }))}
    />
  );
}

/** Opens an address that safeAddress() let through. */
export function openAddress(address: string, inNewTab: boolean): void {
  if (inNewTab) window.open(address, "_blank", "noopener,noreferrer");
  else location.assign(address);
}
