import {
  Component,
  Suspense,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from "react";
import { messageOf } from "#shared/errors.ts";
import { isInfo } from "../frames/notices.ts";
import { Icon } from "../elements/icon.tsx";
import { Empty, Skeleton } from "../widgets/picture.tsx";
import { checkedOptions } from "../options/checked.ts";
import { seriesLabels, useAlertMarks } from "./alert_marks/use_alert_marks.ts";
import { componentOf } from "./panel_component.ts";
import type { PanelKind, PanelProps } from "./panel_kind.ts";
import { panelKindOf } from "./registry.ts";

type Props = Omit<PanelProps<unknown>, "width" | "height" | "options"> & {
  readonly kind: string;
  /** As stored: they are checked here. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What it says where the queries give nothing: that may be good news. */
  readonly none?: string | undefined;
  /** Whether what is good to know for who writes the queries is told, too. */
  readonly hasInfos?: boolean;
  /** Whether its data are examples, and so nothing fired meanwhile. */
  readonly isSample?: boolean;
};

/**
 * A panel's picture: its kind is loaded when it is first shown, its options go through the kind's schema, its size follows its place.
 * What fails in it stays in it.
 */
export function PanelBody(props: Props) {
  const kind = panelKindOf(props.kind);
  const place = useRef<HTMLDivElement>(null);
  const size = useSize(place);
  return (
    <div ref={place} className="panel-body">
      {kind === undefined ? (
        <Empty title={`Unknown kind of panel: ${props.kind}`}>
          It is kept as it is. Choose another kind to see its data.
        </Empty>
      ) : (
        size !== undefined && (
          <Guard key={kind.kind} resetBy={[props.frames, props.options]}>
            <KnownPanel {...props} kind={kind} width={size.width} height={size.height} />
          </Guard>
        )
      )}
    </div>
  );
}

type KnownProps = Omit<Props, "kind"> & {
  readonly kind: PanelKind;
  readonly width: number;
  readonly height: number;
};

function KnownPanel({ kind, options, none, hasInfos = true, isSample, ...rest }: KnownProps) {
  const annotations = useAnnotations(rest, kind.asks && isSample !== true);
  const checked = useMemo(() => checkedOptions(kind.options, options), [kind, options]);
  // One for as long as the panel stands: another one would draw it anew.
  const [Body] = useState(() => componentOf(kind));
  const said = useMemo(() => noteTexts(rest.frames, checked.faults), [rest.frames, checked]);
  const notes = said.filter((text) => !isInfo(text));
  const infos = hasInfos ? said.filter(isInfo) : [];
  const isEmpty = kind.asks && rest.frames.every(({ length }) => length === 0);
  const notesPx = notes.length === 0 ? 0 : 20;
  return (
    <>
      {notes.length > 0 && (
        <p className="panel-notes" role="status" title={notes.join("\n")}>
          <span className="clip">{notes[0]}</span>
          {notes.length > 1 && <span>and {notes.length - 1} more</span>}
        </p>
      )}
      {infos.length > 0 && <Infos texts={infos} />}
      {isEmpty ? (
        <NoData none={none} isSmall={rest.height < noDataPx} />
      ) : (
        <Suspense fallback={<Skeleton rows={1} height={Math.max(24, rest.height - 16)} />}>
          <Body
            {...rest}
            annotations={annotations}
            options={checked.value}
            height={Math.max(0, rest.height - notesPx)}
          />
        </Suspense>
      )}
    </>
  );
}

/** The given ones, and the times in which alerts fired. */
function useAnnotations(
  { annotations, frames, window }: Pick<Props, "annotations" | "frames" | "window">,
  hasAlerts: boolean,
): Props["annotations"] {
  const series = useMemo(() => seriesLabels(frames), [frames]);
  const marks = useAlertMarks(hasAlerts && series.length > 0 ? window : undefined, series);
  return useMemo(
    () => (marks.length === 0 ? annotations : [...annotations, ...marks]),
    [annotations, marks],
  );
}

/** A sentence below does not fit into a figure's panel. */
const noDataPx = 110;

function NoData({
  none = "No data in this range",
  isSmall,
}: {
  readonly none: string | undefined;
  readonly isSmall: boolean;
}) {
  if (isSmall) return <p className="no-data-small">{none}</p>;
  return <Empty title={none}>The queries gave nothing for this range.</Empty>;
}

/** What is good to know and no reason to worry: behind a sign in the corner. */
function Infos({ texts }: { readonly texts: readonly string[] }) {
  return (
    <span className="panel-infos" role="note" tabIndex={0} aria-label={texts.join("\n")}>
      <Icon name="info" />
      <span className="panel-infos-words" aria-hidden="true">
        {texts.map((text) => (
          <span key={text}>{text}</span>
        ))}
      </span>
    </span>
  );
}

function noteTexts(frames: Props["frames"], faults: readonly string[]): string[] {
  const notices = frames.flatMap((frame) => frame.notices);
  return [
    ...new Set([
      ...faults.map((fault) => `option left out, its default is used: ${fault}`),
      ...notices,
    ]),
  ];
}

/** Of the element, in whole pixels; undefined until it was measured. */
function useSize(
  place: React.RefObject<HTMLDivElement | null>,
): { readonly width: number; readonly height: number } | undefined {
  const [size, setSize] = useState<{ width: number; height: number }>();
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = (): void => {
      const width = Math.floor(element.clientWidth);
      const height = Math.floor(element.clientHeight);
      setSize((now) => (now?.width === width && now.height === height ? now : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return size;
}

type GuardProps = { readonly resetBy: readonly unknown[]; readonly children: ReactNode };
type GuardState = { readonly error: unknown; readonly resetBy: readonly unknown[] };

/** Keeps what a panel throws inside it. New data or options are another try. */
class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { error: undefined, resetBy: this.props.resetBy };

  static getDerivedStateFromError(error: unknown): Partial<GuardState> {
    return { error: error ?? new Error("nothing said why") };
  }

  static getDerivedStateFromProps(props: GuardProps, state: GuardState): GuardState | null {
    const isSame = props.resetBy.every((each, i) => each === state.resetBy[i]);
    return isSame ? null : { error: undefined, resetBy: props.resetBy };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div className="panel-failed" role="alert">
        <strong>This panel could not be drawn: {messageOf(error)}.</strong>
        <button
          type="button"
          className="button"
          onClick={() => this.setState({ error: undefined })}
        >
          Try again
        </button>
      </div>
    );
  }
}
