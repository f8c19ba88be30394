import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['保存的视图', 'Saved views'],
  shared: ['共享的', 'Shared'],
  private: ['仅自己', 'Only me'],
})
