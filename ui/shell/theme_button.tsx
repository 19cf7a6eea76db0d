import { chooseTheme, themes, useTheme, type Theme } from "../state/theme.ts";
import { Icon, type IconName } from "../elements/icon.tsx";

const icons: Readonly<Record<Theme, IconName>> = { system: "system", light: "sun", dark: "moon" };

/** Steps through system, light and dark. */
export function ThemeButton() {
  const theme = useTheme();
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  return (
    <button
      type="button"
      className="icon-button"
      title={`Theme: ${theme}. Click for ${next}.`}
      onClick={() => chooseTheme(next)}
    >
      <Icon name={icons[theme]} />
      <span className="hidden">Theme: {theme}</span>
    </button>
  );
}
