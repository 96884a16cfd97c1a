// The icons: strokes on a grid of 24, in the colour of the text. Never the only sign of anything: a word
// stands beside each, or in the label of its button.

const paths = {
  paste:
    'M9 4h6v3H9zM9 5.5H6.5A1.5 1.5 0 0 0 5 7v12a1.5 1.5 0 0 0 1.5 1.5h11A1.5 1.5 0 0 0 19 19V7a1.5 1.5 0 0 0-1.5-1.5H15',
  play: 'M8 5.2v13.6a.6.6 0 0 0 .92.5l10.5-6.8a.6.6 0 0 0 0-1L8.92 4.7A.6.6 0 0 0 8 5.2z',
  pause: 'M8 5v14M16 5v14',
  download: 'M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 20h14',
  cross: 'M6 6l12 12M18 6 6 18',
  retry: 'M4 12a8 8 0 1 1 2.6 5.9M4 12l-.6-4.4M4 12l4.3-1',
  chevron: 'M6 9.5l6 6 6-6',
  next: 'M6 5.5v13l9.5-6.5zM18 5v14',
  previous: 'M18 5.5v13L8.5 12zM6 5v14',
  bell: 'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 2H5zM10 21h4',
  bellOn:
    'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 2H5zM10 21h4M3 8.5A9 9 0 0 1 5.5 4M21 8.5A9 9 0 0 0 18.5 4',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.8-4.8',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2',
  alert: 'M12 8v5.5M12 16.8v.2M12 3.5 21.5 20h-19z',
  stop: 'M7 7h10v10H7z',
  gone: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 18 18 6',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v6M13.5 10.5v6',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  out: 'M14 4.5h5.5V10M19.5 4.5 11 13M17 13.5V19H5V7h5.5',
  keyboard: 'M3 7h18v11H3zM6.5 10.5h.01M10 10.5h.01M13.5 10.5h.01M17 10.5h.01M8 14.5h8',
  volume: 'M4 10v4h3.5L12 18V6L7.5 10zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  wave: 'M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  const isSolid = name === 'play' || name === 'stop';
  return (
    <svg class={isSolid ? 'icon icon-solid' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
