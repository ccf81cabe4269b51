// Slack's date tokens, <!date^1392734382^{date} at {time}|fallback>, in the reader's own zone.

interface Parts {
  year: number;
  month: number;
  day: number;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export interface DateReader {
  /** An IANA zone name. */
  zone: string;
  /** Epoch seconds, for {date_pretty} and {ago}. */
  now: number;
}

/** `format` with its tokens filled in for `seconds` (epoch). An unknown token is left as it stands. */
export function formatDateToken(seconds: number, format: string, reader: DateReader): string {
  return format.replace(/\{(\w+)\}/g, (token, name: string) => fill(name, seconds, reader) ?? token);
}

function fill(name: string, seconds: number, reader: DateReader): string | null {
  const shown = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat("en-GB", { timeZone: reader.zone, ...options }).format(seconds * 1000);
  switch (name) {
    case "date_num":
      return numeric(partsOf(seconds, reader.zone));
    case "date":
      return shown({ day: "numeric", month: "long", year: "numeric" });
    case "date_short":
      return shown({ day: "numeric", month: "short", year: "numeric" });
    case "date_long":
      // Put together here: versions of ICU disagree on the comma.
      return `${shown({ weekday: "long" })} ${fill("date", seconds, reader)}`;
    case "date_pretty":
    case "date_short_pretty":
    case "date_long_pretty":
    case "day_divider_pretty": {
      const plain = name === "day_divider_pretty" ? "date_long" : name.replace("_pretty", "");
      return nearDay(seconds, reader) ?? fill(plain, seconds, reader);
    }
    case "time":
      return shown({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    case "time_secs":
      return shown({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    case "ago":
      return ago(reader.now - seconds);
    default:
      return null;
  }
}

function partsOf(seconds: number, zone: string): Parts {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(seconds * 1000);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return { year: read("year"), month: read("month"), day: read("day") };
}

function numeric({ year, month, day }: Parts): string {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

function nearDay(seconds: number, { zone, now }: DateReader): string | null {
  const ordinal = (at: number): number => {
    const parts = partsOf(at, zone);
    return Date.UTC(parts.year, parts.month - 1, parts.day) / (day * 1000);
  };
  const distance = ordinal(seconds) - ordinal(now);
  if (distance === 0) return "today";
  if (distance === -1) return "yesterday";
  return distance === 1 ? "tomorrow" : null;
}

function ago(seconds: number): string {
  const distance = Math.abs(seconds);
  const told = (count: number, unit: string): string => {
    const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
    return seconds < 0 ? `in ${words}` : `${words} ago`;
  };
  if (distance < minute) return seconds < 0 ? "in a moment" : "just now";
  if (distance < hour) return told(Math.floor(distance / minute), "minute");
  if (distance < day) return told(Math.floor(distance / hour), "hour");
  return told(Math.floor(distance / day), "day");
}
