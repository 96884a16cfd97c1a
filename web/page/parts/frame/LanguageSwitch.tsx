// The choice of the language, each named in its own words.

import { chooseLanguage, languages, locale, t } from '../../texts/texts.ts';

export function LanguageSwitch() {
  return (
    <label class="language">
      <span class="unseen">{t().language.label}</span>
      <select
        value={locale.value}
        onChange={({ currentTarget }) => void chooseLanguage(currentTarget.value)}
      >
        {Object.entries(languages).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
