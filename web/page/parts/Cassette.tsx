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
const left = { x: 88, y: 92 };
const right = { x: 212, y: 92 };

export function Cassette({ fraction, isTurning, label }: CassetteProps) {
  return (
    <svg
      class="cassette"
      data-turning={isTurning}
      viewBox="0 0 300 190"
      aria-hidden="true"
      focusable="false"
    >
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
      <Reel at={left} tape={packRadius(1 - fraction)} />
      <Reel at={right} tape={packRadius(fraction)} />
      <path class="cassette-foot" d="M66 188l9-34h150l9 34" />
      {[100, 128, 172, 200].map((x) => (
        <circle key={x} class="cassette-hole" cx={x} cy={x === 100 || x === 200 ? 173 : 168} r="4.5" />
      ))}
    </svg>
  );
}

function Reel({ at, tape }: { readonly at: { x: number; y: number }; readonly tape: number }) {
  return (
    <g transform={`translate(${at.x} ${at.y})`}>
      <circle class="cassette-pack" r={tape} />
      <circle class="cassette-hub" r={hubRadius} />
      <g class="cassette-teeth">
        {[0, 60, 120, 180, 240, 300].map((angle) => (
          <path key={angle} d="M0-13.5v5" transform={`rotate(${angle})`} />
        ))}
      </g>
    </g>
  );
}

/** The area of the pack, not its radius, is the length of the tape. */
function packRadius(share: number): number {
  return Math.sqrt(hubRadius ** 2 + share * (fullRadius ** 2 - hubRadius ** 2));
}
