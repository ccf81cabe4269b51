import type { ReactNode } from "react";

// The emoji that say something here are drawn, not typed: a red environment must be red also where no emoji font is.

const ink = "#4a5060";
const blue = "#2f6fc9";
const green = "#1f8a55";
const amber = "#e08a00";
const red = "#d12f2a";
const grey = "#9aa1b0";

const disc = (fill: string, rim = fill): ReactNode => <circle cx="10" cy="10" r="7.2" fill={fill} stroke={rim} />;
const tile = (fill: string): ReactNode => <rect x="2.5" y="2.5" width="15" height="15" rx="3.5" fill={fill} />;
const stroke = (path: string, color = ink, width = 1.8): ReactNode => (
  <path d={path} fill="none" stroke={color} strokeWidth={width} strokeLinecap="round" strokeLinejoin="round" />
);
const solid = (path: string, color = ink): ReactNode => <path d={path} fill={color} />;
const sign = (fill: string, path: string): ReactNode => (
  <>
    {tile(fill)}
    {stroke(path, "#fff", 2)}
  </>
);
const filledSign = (fill: string, path: string): ReactNode => (
  <>
    {tile(fill)}
    {solid(path, "#fff")}
  </>
);

const hand =
  "M6 11V6.2a1.2 1.2 0 0 1 2.4 0V9 4.2a1.2 1.2 0 0 1 2.4 0V9 5.2a1.2 1.2 0 0 1 2.4 0V12c0 3-1.6 5-4.2 5S5 15.5 4 12.5";
const thumb =
  "M6.5 9.2 9.6 3c1.5 0 2 1 1.7 2.3L10.8 8H15c1 0 1.6.8 1.4 1.7l-1.1 5.5c-.2.8-.8 1.3-1.6 1.3H6.5zM3.5 9.2h3v7.3h-3z";
const pin = "M7 2.5h6l-.7 5 2.7 2.7v1.3H5v-1.3l2.7-2.7zM9.3 11.5h1.4L10 18z";

const icons: Record<string, ReactNode> = {
  red_circle: disc(red),
  large_orange_circle: disc(amber),
  large_yellow_circle: disc("#e8b90c"),
  large_green_circle: disc(green),
  large_blue_circle: disc(blue),
  white_circle: disc("#f3f4f7", grey),
  large_red_square: tile(red),
  large_orange_square: tile(amber),
  large_yellow_square: tile("#e8b90c"),
  large_green_square: tile(green),
  small_blue_diamond: solid("M10 5.5 14.5 10 10 14.5 5.5 10z", blue),
  lock: (
    <>
      {stroke("M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9", "#8a6a10", 2)}
      <rect x="4.5" y="8.8" width="11" height="8.4" rx="1.8" fill="#dca420" />
    </>
  ),
  bell: (
    <>
      {solid("M10 2.5a5 5 0 0 0-5 5v4L3.5 14h13L15 11.5v-4a5 5 0 0 0-5-5z", "#dca420")}
      {solid("M8 15h4a2 2 0 0 1-4 0z", "#8a6a10")}
    </>
  ),
  eyes: (
    <>
      <ellipse cx="6" cy="10" rx="3.7" ry="5.5" fill="#fff" stroke={ink} strokeWidth="1.3" />
      <ellipse cx="14" cy="10" rx="3.7" ry="5.5" fill="#fff" stroke={ink} strokeWidth="1.3" />
      <circle cx="7" cy="11.5" r="1.9" fill={ink} />
      <circle cx="15" cy="11.5" r="1.9" fill={ink} />
    </>
  ),
  adhesive_bandage: (
    <>
      <rect x="1.5" y="6.5" width="17" height="7" rx="3.5" fill="#e0b08a" transform="rotate(-40 10 10)" />
      <rect x="7" y="6.5" width="6" height="7" fill="#f0d3ba" transform="rotate(-40 10 10)" />
    </>
  ),
  white_check_mark: sign(green, "M6 10.3 8.8 13 14 7"),
  heavy_check_mark: stroke("M4 10.5 8.2 15 16 5.5", green, 2.6),
  x: stroke("M5 5l10 10M15 5 5 15", red, 2.8),
  heavy_multiplication_x: stroke("M5 5l10 10M15 5 5 15", red, 2.8),
  heavy_minus_sign: stroke("M4 10h12", ink, 2.8),
  no_entry: (
    <>
      {disc(red)}
      {stroke("M6.5 10h7", "#fff", 2.4)}
    </>
  ),
  octagonal_sign: solid("M7 2.5h6L17.5 7v6L13 17.5H7L2.5 13V7z", red),
  rotating_light: (
    <>
      {solid("M5 14V9.5a5 5 0 0 1 10 0V14z", red)}
      {solid("M3.5 14h13v3h-13z")}
    </>
  ),
  warning: (
    <>
      {solid("M10 2.5 18.5 17h-17z", "#f0b400")}
      {stroke("M10 7.5v4.5M10 14.6v.1", "#4a3800", 1.9)}
    </>
  ),
  raised_hand: solid(hand, "#dca420"),
  thumbsup: solid(thumb, "#dca420"),
  "+1": solid(thumb, "#dca420"),
  pushpin: solid(pin, red),
  tada: (
    <>
      {solid("M3 17.5 7.5 7l5.5 5.5z", "#dca420")}
      {stroke("M11 6c0-2 1-3 2-3.5M14 9c2 0 3-1 3.5-2M12.5 7.5l3-3", blue, 1.5)}
    </>
  ),
  hourglass_flowing_sand: (
    <>
      {stroke("M5 3h10M5 17h10M6 3c0 4 3.5 5 3.5 7S6 13 6 17M14 3c0 4-3.5 5-3.5 7s3.5 3 3.5 7", "#8a6a10", 1.5)}
      {solid("M7 16.5c.5-2 2-2.5 3-3.5 1 1 2.5 1.5 3 3.5zM8 6h4c-.5 1.3-1.5 2-2 2.8C9.5 8 8.5 7.3 8 6z", "#dca420")}
    </>
  ),
  stopwatch: (
    <>
      {stroke("M10 6v5.5M8.5 2.5h3M15 5.5l1-1")}
      <circle cx="10" cy="11.5" r="6" fill="none" stroke={ink} strokeWidth="1.7" />
    </>
  ),
  arrow_forward: filledSign(blue, "M7.5 5.8v8.4l7-4.2z"),
  double_vertical_bar: filledSign(blue, "M6.5 6h2.4v8H6.5zM11.1 6h2.4v8h-2.4z"),
  black_square_for_stop: filledSign(blue, "M6.5 6.5h7v7h-7z"),
  leftwards_arrow_with_hook: sign(blue, "M8.5 6 5.8 8.7l2.7 2.7M6 8.7h5.5a2.5 2.5 0 0 1 0 5H9"),
  arrow_up_down: sign(blue, "M10 5.5v9M7.5 8 10 5.5 12.5 8M7.5 12l2.5 2.5 2.5-2.5"),
  arrows_counterclockwise: sign(
    blue,
    "M6 9a4 4 0 0 1 7.5-1.5M14 11a4 4 0 0 1-7.5 1.5M13.8 5.2v2.5h-2.5M6.2 14.8v-2.5h2.5",
  ),
  twisted_rightwards_arrows: sign(blue, "M5.5 7h2l4 6h3M5.5 13h2l4-6h3M13 5.5 14.5 7 13 8.5M13 11.5l1.5 1.5-1.5 1.5"),
  grey_question: stroke("M6.8 7.5a3.2 3.2 0 1 1 4.7 2.9c-1 .6-1.5 1.1-1.5 2.3M10 16v.1", grey, 2.4),
  question: stroke("M6.8 7.5a3.2 3.2 0 1 1 4.7 2.9c-1 .6-1.5 1.1-1.5 2.3M10 16v.1", red, 2.4),
  gear: (
    <>
      {stroke(
        "M10 2v3M10 15v3M2 10h3M15 10h3M4.3 4.3l2.1 2.1M13.6 13.6l2.1 2.1M15.7 4.3l-2.1 2.1M6.4 13.6l-2.1 2.1",
        ink,
        2,
      )}
      <circle cx="10" cy="10" r="4" fill="none" stroke={ink} strokeWidth="2.4" />
    </>
  ),
  keyboard: (
    <>
      <rect x="2" y="5.5" width="16" height="9.5" rx="1.8" fill="none" stroke={ink} strokeWidth="1.5" />
      {stroke("M5 8.5h.1M8.3 8.5h.1M11.7 8.5h.1M15 8.5h.1M6.5 12h7", ink, 1.6)}
    </>
  ),
  package: (
    <>
      {solid("M10 2.5 17 6v8l-7 3.5L3 14V6z", "#c9996a")}
      {stroke("M3 6l7 3.5L17 6M10 9.5v8", "#7d5831", 1.2)}
    </>
  ),
  vertical_traffic_light: (
    <>
      <rect x="6" y="1.5" width="8" height="17" rx="2.5" fill={ink} />
      <circle cx="10" cy="5" r="1.9" fill={red} />
      <circle cx="10" cy="10" r="1.9" fill={amber} />
      <circle cx="10" cy="15" r="1.9" fill="#3fbf7f" />
    </>
  ),
  memo: (
    <>
      {stroke("M4 3h9v14H4zM6.5 7h4M6.5 10h4", ink, 1.5)}
      {stroke("M17 6.5 10.5 14", amber, 2.2)}
    </>
  ),
  page_facing_up: stroke("M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15M7.5 10h5M7.5 13h5", ink, 1.5),
  speech_balloon: stroke("M3 4.5h14v9H9l-3.5 3v-3H3z", ink, 1.6),
  paperclip: stroke(
    "M14 6.5 8 13a1.6 1.6 0 0 0 2.4 2.2l6-6.7a3.2 3.2 0 0 0-4.8-4.2l-6.4 7a4.8 4.8 0 0 0 7 6.5",
    ink,
    1.5,
  ),
  loudspeaker: stroke("M3.5 8v4h3l6 4V4l-6 4zM15.5 7.5c1 1.5 1 3.5 0 5", ink, 1.6),
  crescent_moon: solid("M13 3a7.5 7.5 0 1 0 4.5 11A6.5 6.5 0 0 1 13 3z", "#dca420"),
  // What the page's own buttons need.
  smile: (
    <>
      <circle cx="10" cy="10" r="7.5" fill="none" stroke={ink} strokeWidth="1.5" />
      {stroke("M7 8v.1M13 8v.1M6.8 11.8c1.5 2.3 4.9 2.3 6.4 0", ink, 1.6)}
    </>
  ),
  eye: (
    <>
      {stroke("M2 10c3.5-6 12.5-6 16 0-3.5 6-12.5 6-16 0z", ink, 1.5)}
      <circle cx="10" cy="10" r="2.3" fill={ink} />
    </>
  ),
  zap: solid("M11.5 2 4 11.5h4.5L8 18l7.5-9.5H11z", amber),
};

/** Whether `Icon` draws this one. */
export function isDrawnIcon(name: string): boolean {
  return name in icons;
}

export function Icon({ name }: { name: string }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" role="img" aria-label={`:${name}:`}>
      <title>{`:${name}:`}</title>
      {icons[name]}
    </svg>
  );
}

/** Plain text with the emoji in it drawn: a button's label, a modal's title. */
export function withIcons(text: string): ReactNode {
  const parts = text.split(/:([a-z0-9_+-]+):/);
  if (parts.length === 1) return text;
  return parts.map((part, index) => {
    if (index % 2 === 0) return part;
    // The parts of one text keep their places.
    // biome-ignore lint/suspicious/noArrayIndexKey: see above
    return isDrawnIcon(part) ? <Icon key={index} name={part} /> : `:${part}:`;
  });
}
