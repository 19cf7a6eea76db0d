import { Link, Outlet } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { ScrollContext } from "../state/scroll.ts";
import { readItem, writeItem } from "../state/theme.ts";
import { Breadcrumb } from "./breadcrumb.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Logo } from "./logo.tsx";
import { ThemeButton } from "./theme_button.tsx";
import { TimePicker } from "./time_picker.tsx";

const railKey = "lapwing.rail";

type Place = { readonly to: "/hosts" | "/data"; readonly icon: IconName; readonly name: string };
const places: readonly Place[] = [
  { to: "/hosts", icon: "hosts", name: "Hosts" },
  { to: "/data", icon: "data", name: "Data" },
];

/** The rail (a bottom bar on a phone), the top bar, and the one scroll area that holds the page. */
export function PageFrame() {
  const scroller = useRef<HTMLElement>(null);
  const [narrow, setNarrow] = useState(() => readItem(railKey) === "narrow");
  const collapse = (): void => {
    writeItem(railKey, narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };
  return (
    <ScrollContext value={scroller}>
      <div className={narrow ? "frame narrow" : "frame"}>
        <a className="skip" href="#page">
          Skip to the page
        </a>
        <nav className="rail" aria-label="Pages">
          <Link to="/hosts" className="brand" aria-label="Lapwing">
            <Logo />
            <span className="rail-word">Lapwing</span>
          </Link>
          {places.map(({ to, icon, name }) => (
            <Link key={to} to={to} className="place" title={narrow ? name : undefined}>
              <Icon name={icon} />
              <span className="rail-word">{name}</span>
            </Link>
          ))}
          <button type="button" className="place collapse" onClick={collapse}>
            <Icon name={narrow ? "expand" : "collapse"} />
            <span className="rail-word">{narrow ? "Expand" : "Collapse"}</span>
          </button>
        </nav>
        <header className="top-bar">
          <Breadcrumb />
          <TimePicker />
          <ThemeButton />
        </header>
        <main id="page" ref={scroller} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </ScrollContext>
  );
}
