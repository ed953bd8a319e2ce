// The texts of the console in English and Chinese.

const texts = {
  title: ['BaaS emulator', 'BaaS 模拟后端'],
  skip: ['Skip to the content', '跳到正文'],
  docs: ['Documentation', '文档'],
  leave: ['Forget the token', '清除令牌'],
  nav: ['Subjects', '栏目'],
  failed: ['It failed', '失败'],
  'login.title': ['Control token', '控制令牌'],
  'login.why': [
    'This emulator requires its control token. The program printed it when it started, or was given it with -control-token.',
    '这个模拟后端需要控制令牌。令牌在程序启动时打印，或由 -control-token 指定。',
  ],
  'login.token': ['Token', '令牌'],
  'login.enter': ['Open the console', '打开控制台'],
  'login.wrong': ['The token is wrong.', '令牌不正确。'],
  'login.ended': ['The token is no longer valid.', '令牌已失效。'],
  facts: ['client id', 'client id'],
  live: ['live', '实时'],
  gone: ['disconnected, trying again', '连接断开，正在重试'],

  platform: ['Platform', '平台'],
  nickname: ['Nickname', '昵称'],
  name: ['Name', '名称'],
  user: ['User', '用户'],
  username: ['Username', '用户名'],
  email: ['Email', '邮箱'],
  phone: ['Phone number', '手机号'],
  password: ['Password', '密码'],
  add: ['Add', '添加'],
  filter: ['Filter', '筛选'],
  none: ['None yet.', '暂无。'],
  more: ['{0} of {1} are shown. Use the filter for others.', '共 {1} 条，显示 {0} 条。其余请用筛选。'],
  reveal: ['Reveal', '显示'],
  hide: ['Hide', '隐藏'],
  copy: ['Copy', '复制'],
  copied: ['Copied', '已复制'],
  notcopied: ['The browser does not let this page copy. Reveal the value and select it.', '浏览器不允许复制，请先显示再选中。'],
  details: ['Details', '详情'],
  close: ['Close', '收起'],
  when: ['Time', '时间'],
  expires: ['Expires', '到期'],
  actions: ['Actions', '操作'],
  again: ['Press again to do it', '再按一次确认'],

  people: ['People', '人与手机'],
  'people.title': ['People and their phones', '人与手机'],
  'people.why': [
    'A person has a phone on one platform. The login code is what the phone gets from the platform.',
    '每个人在一个平台上有一部手机。登录 code 是手机从平台得到的凭证。',
  ],
  'people.add': ['Add a person', '添加一个人'],
  'people.added': ['Added: {0}', '已添加：{0}'],
  'people.phone': ['Phone', '手机'],
  'people.nobody': ['no account', '没有账号'],
  'people.mint': ['Mint a login code', '生成登录 code'],
  'people.minted': ['Login code of {0}', '{0} 的登录 code'],
  'people.allow': ['Agree to share user info', '同意授权用户信息'],
  'people.refuse': ['Refuse to share user info', '拒绝授权用户信息'],
  'people.number': ['Phone number to share', '要授权的手机号'],
  'people.share': ['Agree to share the number', '同意授权手机号'],
  'people.refusenumber': ['Refuse to share the number', '拒绝授权手机号'],
  'people.unlink': ['Unlink from the user', '解除与用户的关联'],
  'people.unlinked': ['Unlinked: {0}', '已解除关联：{0}'],
  'people.result': ['What the phone posts', '手机提交的内容'],
  'codes.title': ['Login codes that can be exchanged', '还能使用的登录 code'],
  code: ['Code', 'code'],

  users: ['Users', '用户'],
  'users.title': ['Users', '用户'],
  'users.add': ['Add a user', '添加用户'],
  'users.added': ['Added: user {0}', '已添加：用户 {0}'],
  'users.anonymous': ['anonymous', '匿名'],
  'users.identities': ['Identities', '身份'],
  'users.created': ['Created', '创建时间'],
  verified: ['verified', '已验证'],

  sessions: ['Sessions', '会话'],
  'sessions.title': ['Sessions', '会话'],
  'sessions.why': ['A session is a token of a login that still works.', '会话是一次登录得到的、仍然有效的 token。'],
  'sessions.end': ['End the user’s sessions', '结束该用户的会话'],
  'sessions.ended': ['Ended: the sessions of user {0}', '已结束：用户 {0} 的会话'],
  token: ['Token', 'token'],

  messages: ['Messages', '短信与邮件'],
  'messages.title': ['Messages', '短信与邮件'],
  'sms.title': ['Text messages', '短信'],
  'mail.title': ['Mails', '邮件'],
  to: ['To', '收件人'],
  kind: ['Kind', '类型'],
  link: ['Link', '链接'],

  requests: ['Requests', '请求'],
  'requests.title': ['Requests, as they come', '请求（实时）'],
  'requests.clear': ['Empty the journal', '清空请求日志'],
  'requests.cleared': ['The journal is empty.', '请求日志已清空。'],
  'requests.request': ['Request', '请求'],
  'requests.noresponse': ['no response', '无响应'],
  'requests.header': ['Header', '请求头'],
  'requests.query': ['Query', '查询参数'],
  'requests.body': ['Body', '请求体'],
  'requests.reveal': ['Reveal all values', '显示全部内容'],
  'requests.hide': ['Hide the values', '隐藏内容'],

  faults: ['Faults', '故障'],
  'faults.title': ['Faults', '故障'],
  'faults.why': ['A fault makes requests to the backend go wrong. The console itself is not hit.', '故障让发往后端的请求出错，不影响控制台。'],
  'faults.one503': ['Next request: 503', '下一个请求：503'],
  'faults.all503': ['Every request: 503', '所有请求：503'],
  'faults.one429': ['Next request: 429', '下一个请求：429'],
  'faults.slow': ['Every request: 2 s late', '所有请求：延迟 2 秒'],
  'faults.before': ['Next request: cut before the backend acts', '下一个请求：处理前断开'],
  'faults.after': ['Next request: cut after the backend acted', '下一个请求：处理后断开'],
  'faults.add': ['Another fault', '其他故障'],
  'faults.inject': ['Inject', '注入'],
  'faults.injected': ['Injected: fault {0}', '已注入：故障 {0}'],
  'faults.clear': ['Remove all faults', '移除所有故障'],
  'faults.cleared': ['There are no faults.', '已移除所有故障。'],
  'faults.effect': ['Effect', '效果'],
  'faults.hits': ['Hits', '命中次数'],
  'faults.active': ['active', '生效中'],
  'faults.over': ['over', '已结束'],
  'faults.end': ['End', '结束'],
  'faults.endone': ['End fault {0}', '结束故障 {0}'],
  'faults.every': ['every request', '所有请求'],
  fault: ['Fault', '故障'],
  state: ['State', '状态'],
  route: ['Route', '路由'],
  status: ['Status', '状态码'],
  times: ['Times (empty: all)', '次数（留空为全部）'],
  delay: ['Delay before it acts', '处理前延迟'],
  hold: ['Delay after it acted', '处理后延迟'],
  cut: ['Cut the connection', '断开连接'],
  'cut.never': ['never', '不断开'],
  'cut.before': ['before it acts', '处理前'],
  'cut.after': ['after it acted', '处理后'],
  'cut.in': ['in the response', '响应中途'],

  clock: ['Clock', '时钟'],
  'clock.title': ['Clock', '时钟'],
  'clock.why': ['It decides about codes, tokens and rate limits.', '时钟决定 code、token 和频率限制何时到期。'],
  'clock.frozen': ['stands still', '静止'],
  'clock.1m': ['1 minute later', '1 分钟后'],
  'clock.5m': ['5 minutes later', '5 分钟后'],
  'clock.1h': ['1 hour later', '1 小时后'],
  'clock.1d': ['1 day later', '1 天后'],
  'clock.30d': ['30 days later', '30 天后'],
  'clock.real': ['Back to real time', '恢复真实时间'],
  'clock.at': ['Set it to', '设为'],
  'clock.set': ['Set', '设置'],
  'clock.moved': ['The clock shows {0}.', '时钟现在是 {0}。'],
  'settings.title': ['Settings', '设置'],
  'settings.userinfo': ['WeChat users may update their user info', '允许更新微信用户信息'],
  'settings.saved': ['Saved.', '已保存。'],
  'reset.title': ['Start over', '重新开始'],
  'reset.why': ['Forgets users, people, sessions, messages, faults and requests. The clock stays.', '清除用户、人、会话、消息、故障和请求。时钟不变。'],
  'reset.do': ['Reset', '重置'],
  'reset.done': ['Everything is forgotten.', '已全部清除。'],
};

const languages = ['en', 'zh-CN'];
const key = 'baas-emulator-language';
const watchers = [];
let language = languages.find((name) => name === localStorage.getItem(key)) ??
  (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');

export const other = () => languages.find((name) => name !== language);

// t is a text in the language of the page, with its {0}, {1} … filled in.
export function t(name, ...values) {
  return texts[name][languages.indexOf(language)].replace(/\{(\d)\}/g, (_, i) => values[i]);
}

// translate fills in the texts of all elements that name one.
export function translate(root) {
  for (const e of root.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  for (const e of root.querySelectorAll('[data-t-label]')) e.setAttribute('aria-label', t(e.dataset.tLabel));
}

// onLanguage calls changed now and when the language changes.
export function onLanguage(changed) {
  watchers.push(changed);
  changed(language);
}

export function setLanguage(name) {
  language = name;
  localStorage.setItem(key, name);
  for (const changed of watchers) changed(name);
}
