import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Menu } from "../overlays/menu.tsx";
import { phoneQuery, useMedia } from "../state/media.ts";
import { Icon } from "../elements/icon.tsx";
import { Logo } from "./logo.tsx";
import type { NamedPlace } from "./places.ts";

/** As many as a thumb hits on 390 px; with more, the last of them is "More". */
const phonePlacesMax = 5;

type Props = {
  readonly places: readonly NamedPlace[];
  readonly narrow: boolean;
  readonly onCollapse: () => void;
};

/** The places of the interface: at the left, or on a phone at the bottom. */
export function Rail({ places, narrow, onCollapse }: Props) {
  const phone = useMedia(phoneQuery);
  const crowded = phone && places.length > phonePlacesMax;
  const shown = crowded ? places.slice(0, phonePlacesMax - 1) : places;
  return (
    <nav className="rail" aria-label="Pages">
      <Link to="/" className="brand" aria-label="Lapwing">
        <Logo />
        <span className="rail-word">Lapwing</span>
      </Link>
      {shown.map(({ path, icon, name }) => (
        <Link
          key={path}
          to={path}
          className="place"
          title={narrow ? name : undefined}
          activeOptions={{ exact: path === "/", includeSearch: false }}
        >
          <Icon name={icon} />
          <span className="rail-word">{name}</span>
        </Link>
      ))}
      {crowded && <More places={places.slice(phonePlacesMax - 1)} />}
      <button type="button" className="place collapse" onClick={onCollapse}>
        <Icon name={narrow ? "expand" : "collapse"} />
        <span className="rail-word">{narrow ? "Expand" : "Collapse"}</span>
      </button>
    </nav>
  );
}

function More({ places }: { readonly places: readonly NamedPlace[] }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const here = places.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
  return (
    <Menu
      label="More pages"
      trigger={
        <button type="button" className={here === undefined ? "place" : "place active"}>
          <Icon name={here?.icon ?? "more"} />
          <span className="rail-word">{here?.name ?? "More"}</span>
        </button>
      }
      entries={places.map(({ path, name, icon }) => ({
        label: name,
        icon,
        onSelect: () => void navigate({ to: path }),
      }))}
    />
  );
}
