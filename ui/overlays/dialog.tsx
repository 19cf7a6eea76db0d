import * as RadixDialog from "radix-ui/dialog";
import type { ReactNode } from "react";
import { Icon } from "../elements/icon.tsx";

type Props = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Its heading, and what screen readers call it. */
  readonly title: string;
  readonly description?: string;
  /** Buttons at its end; the one that does it comes last. */
  readonly actions?: ReactNode;
  /** "wide" for editors and previews. */
  readonly size?: "normal" | "wide";
  readonly children?: ReactNode;
};

/** A window over the page for a decision or a short form, never for reading. Escape and a click outside close it. */
export function Dialog(props: Props) {
  return (
    <RadixDialog.Root open={props.open} onOpenChange={props.onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="veil" />
        <RadixDialog.Content
          className={props.size === "wide" ? "dialog wide" : "dialog"}
          {...(props.description === undefined && { "aria-describedby": undefined })}
          onOpenAutoFocus={focusForm}
        >
          <OverlayHead title={props.title} />
          <div className="overlay-body">
            {props.description !== undefined && (
              <RadixDialog.Description className="quiet">
                {props.description}
              </RadixDialog.Description>
            )}
            {props.children}
          </div>
          {props.actions !== undefined && <div className="overlay-actions">{props.actions}</div>}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

/**
 * What is typed next goes into the form's first field; where there is none, the focus is on the first button, which leaves
 * all as it is. On a screen that is touched a field would bring up the keyboard over the dialog.
 */
function focusForm(event: Event): void {
  const { currentTarget: dialog } = event;
  if (!(dialog instanceof HTMLElement)) return;
  const field = matchMedia("(pointer: coarse)").matches
    ? null
    : dialog.querySelector<HTMLElement>(".overlay-body :is(input:not([type=file]), textarea)");
  const target = field ?? dialog.querySelector<HTMLElement>(".overlay-actions button");
  if (target === null) return;
  event.preventDefault();
  target.focus();
}

/** The heading of a dialog or a sheet, and the button that closes it. */
export function OverlayHead({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="overlay-head">
      <RadixDialog.Title>{title}</RadixDialog.Title>
      {children}
      <RadixDialog.Close className="icon-button plain" aria-label="Close">
        <Icon name="cross" />
      </RadixDialog.Close>
    </div>
  );
}

type ConfirmProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly text: string;
  /** The verb on the button that does it. */
  readonly verb: string;
  /** Whether what is done cannot be undone. */
  readonly danger?: boolean;
  readonly onConfirm: () => void;
};

/** Asks before something is done that is hard to take back. */
export function ConfirmDialog(props: ConfirmProps) {
  const confirm = (): void => {
    props.onOpenChange(false);
    props.onConfirm();
  };
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      description={props.text}
      actions={
        <>
          <button type="button" className="button" onClick={() => props.onOpenChange(false)}>
            Cancel
          </button>
          <button
            type="button"
            className={props.danger === true ? "button danger" : "button primary"}
            onClick={confirm}
          >
            {props.verb}
          </button>
        </>
      }
    />
  );
}
