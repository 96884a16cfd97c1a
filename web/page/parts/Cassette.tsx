// A cassette whose tape winds from the left reel to the right one as work proceeds. An ornament: what it
// shows is said in words elsewhere, so it is hidden from readers of screens.

type CassetteProps = {
  /** How much tape is on the right reel, 0 to 1. */
  readonly fraction: number;
  readonly isTurning: boolean;
  /** What stands on its label; nothing in small ones. */
  readonly label?: string;
};

const hubRadius = 15;
const fullRadius = 33;
const width = 300;
const height = 190;
const reels = [
  { x: 88, y: 92 },
  { x: 212, y: 92 },
];

export function Cassette({ fraction, isTurning, label }: CassetteProps) {
  return (
    <div class="cassette" data-turning={isTurning} aria-hidden="true">
      <svg viewBox={`0 0 ${width} ${height}`}>
        <rect class="cassette-body" x="2" y="2" width="296" height="186" rx="14" />
        <rect class="cassette-label" x="18" y="16" width="264" height="124" rx="8" />
        <path class="cassette-stripe" d="M18 44h264" />
        {label !== undefined && (
          <text class="cassette-text" x="30" y="36">
            {label}
          </text>
        )}
        <rect class="cassette-window" x="44" y="56" width="212" height="72" rx="36" />
        <path class="cassette-tape" d="M60 126h180" />
        {reels.map(({ x, y }, index) => (
          <circle
            key={x}
            class="cassette-pack"
            cx={x}
            cy={y}
            r={packRadius(index === 0 ? 1 - fraction : fraction)}
          />
        ))}
        <path class="cassette-foot" d="M66 188l9-34h150l9 34" />
        {[100, 128, 172, 200].map((x) => (
          <circle
            key={x}
            class="cassette-hole"
            cx={x}
            cy={x === 100 || x === 200 ? 173 : 168}
            r="4.5"
          />
        ))}
      </svg>
      {reels.map((reel) => (
        <Hub key={reel.x} {...reel} />
      ))}
    </div>
  );
}

/** An image of its own, for only those are turned without being painted anew for each frame. */
function Hub({ x, y }: { readonly x: number; readonly y: number }) {
  const place = { left: `${(x / width) * 100}%`, top: `${(y / height) * 100}%` };
  return (
    <svg class="cassette-hub" style={place} viewBox="-15 -15 30 30">
      <circle r={hubRadius} />
      <path d={[0, 60, 120, 180, 240, 300].map(tooth).join('')} />
    </svg>
  );
}

function tooth(angle: number): string {
  const [sin, cos] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
  const at = (radius: number) => `${(radius * sin).toFixed(2)} ${(-radius * cos).toFixed(2)}`;
  return `M${at(13.5)}L${at(8.5)}`;
}

/** The area of the pack, not its radius, is the length of the tape. */
function packRadius(share: number): number {
  return Math.sqrt(hubRadius ** 2 + share * (fullRadius ** 2 - hubRadius ** 2));
}
