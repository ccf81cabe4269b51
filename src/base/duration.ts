/**
 * How long something lasts, as people read it: `45 s`, `12 min`, `3 h 20 min`, `2 d 3 h`. What is less than its last unit is
 * cut, never rounded up: nothing has taken, or has left, longer than it says, and what falls short of a bound reads so.
 * Seconds below two minutes, minutes below an hour, hours and minutes below two days, then days and hours.
 */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return both(`${hours} h`, minutes % 60, "min");
  return both(`${Math.floor(hours / 24)} d`, hours % 24, "h");
}

const both = (whole: string, rest: number, unit: string): string => (rest === 0 ? whole : `${whole} ${rest} ${unit}`);
