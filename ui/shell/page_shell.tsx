import { Outlet, useMatches } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";
import { Toasts } from "../overlays/toasts.tsx";
import { KeptColumnsContext, useUrlColumns } from "../state/kept_columns.ts";
import { createKeyRegistry, KeysContext, useKeyRegistry, useKeys } from "../state/keys.ts";
import { PageTitleContext, type PageTitle } from "../state/page_title.ts";
import { ScrollContext } from "../state/scroll.ts";
import { readItem, writeItem } from "../state/stored.ts";
import { Icon } from "../elements/icon.tsx";
import { Breadcrumb } from "./breadcrumb.tsx";
import { useRecentPlace } from "./palette/recent.ts";
import { usePlaces } from "./places.ts";
import { Rail } from "./rail.tsx";
import { ThemeButton } from "./theme_button.tsx";
import { TimePicker } from "./time/time_picker.tsx";
import { useTimeActions, type TimeActions } from "./time/use_time_actions.ts";
import { useAway } from "./use_away.ts";
import { useKeyPresses, usePlaceKeys } from "./use_shell_keys.ts";

const Palette = lazy(() => import("./palette/palette.tsx"));
const KeysHelp = lazy(() => import("./keys_help.tsx"));
const railKey = "lapwing.rail";

/** The rail (a bottom bar on a phone), the top bar, and the one scroll area that holds the page. */
export function PageShell() {
  const [keys] = useState(createKeyRegistry);
  return (
    <KeysContext value={keys}>
      <Frame />
    </KeysContext>
  );
}

function Frame() {
  const scroller = useRef<HTMLElement>(null);
  const [narrow, setNarrow] = useState(() => readItem(railKey) === "narrow");
  const [told, setTold] = useState<PageTitle | undefined>(undefined);
  const data = useMatches().at(-1)?.staticData;
  const actions = useTimeActions();
  const places = usePlaces();
  const keptColumns = useUrlColumns();
  const title = told?.title ?? data?.name;
  useKeyPresses(useKeyRegistry());
  useRecentPlace(title);
  const collapse = (): void => {
    writeItem(railKey, narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };
  return (
    <ScrollContext value={scroller}>
      <PageTitleContext value={setTold}>
        <div className={narrow ? "page-shell narrow" : "page-shell"}>
          <a className="skip" href="#page">
            Skip to the page
          </a>
          <Rail places={places} narrow={narrow} onCollapse={collapse} />
          <header className="top-bar">
            <Breadcrumb told={told} />
            <Search actions={actions} />
            {data?.hasTime !== false && <TimePicker actions={actions} />}
            <ThemeButton />
          </header>
          <AwayBanner />
          <main id="page" ref={scroller} tabIndex={-1}>
            <KeptColumnsContext value={keptColumns}>
              <Outlet />
            </KeptColumnsContext>
          </main>
          <Toasts />
        </div>
      </PageTitleContext>
    </ScrollContext>
  );
}

/** The palette and the list of keys, and what opens them. */
function Search({ actions }: { readonly actions: TimeActions }) {
  const [open, setOpen] = useState<"palette" | "keys" | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  usePlaceKeys(usePlaces());
  useKeys(
    "Everywhere",
    [
      { keys: "mod+k", words: "Search everything", run: () => setOpen("palette") },
      { keys: "/", words: "Search", run: () => setOpen("palette") },
      { keys: "?", words: "Show the keys", run: () => setOpen("keys") },
    ],
    true,
  );
  return (
    <>
      <button
        type="button"
        className="search-button"
        aria-label="Search Ctrl K"
        title="Search everything (Ctrl K)"
        onClick={() => setOpen("palette")}
      >
        <Icon name="search" />
        <span className="search-word">Search </span>
        <kbd className="search-word">Ctrl K</kbd>
      </button>
      <Suspense fallback={null}>
        {open === "palette" && (
          <Palette onClose={close} actions={actions} showKeys={() => setOpen("keys")} />
        )}
        {open === "keys" && <KeysHelp onClose={close} />}
      </Suspense>
    </>
  );
}

function AwayBanner() {
  const away = useAway();
  return (
    <div className="away-place" role="status">
      {away && (
        <p className="away">
          <Icon name="warning" />
          The aggregator does not answer. What is shown may be old; it is asked again until it does.
        </p>
      )}
    </div>
  );
}
