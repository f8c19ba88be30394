// Before the first paint, so that a dark screen never flashes white.
;(function () {
  var chosen = localStorage.getItem('banyan.appearance') || 'system'
  var dark = chosen === 'dark' || (chosen === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
  document.documentElement.lang = localStorage.getItem('banyan.locale') || (navigator.language.indexOf('zh') === 0 ? 'zh-CN' : 'en')
})()
