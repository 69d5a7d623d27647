package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mesbridge/rules"
)

// timeline writes out of what happened the ends that came by themselves: reply windows (D8) and closed
// visits (D24), each at its instant.
type timeline struct {
	*model
	out         []happened
	n           int
	until       map[rules.MailboxID]time.Time
	awaiting    map[rules.MailboxID]bool
	lastPatient map[rules.ConversationID]bool
	touched     map[rules.ConversationID]int
	boxes       map[rules.ConversationID][]rules.MailboxID // of the visit's structure
	closings    map[rules.ConversationID]announced
	discharge   int // the last one; 0 while the visit is open
	plans       map[rules.MailboxID]time.Time
}

// announced is an end that is to come.
type announced struct {
	at   time.Time
	even bool
	of   int
}

// at is the model with the ends that came by an instant.
func (m *model) at(now time.Time) *model {
	p := &timeline{
		model: m, until: map[rules.MailboxID]time.Time{}, awaiting: map[rules.MailboxID]bool{}, lastPatient: map[rules.ConversationID]bool{},
		touched: map[rules.ConversationID]int{}, boxes: map[rules.ConversationID][]rules.MailboxID{}, closings: map[rules.ConversationID]announced{}, plans: map[rules.MailboxID]time.Time{},
	}
	for _, h := range m.history {
		p.come(h.at)
		p.n++
		p.take(h)
	}
	p.come(now)
	c := *m
	c.history = p.out
	return &c
}

// come adds the ends whose instant came.
func (p *timeline) come(now time.Time) {
	for _, m := range allBoxes {
		at, ok := p.until[m]
		ranOut := ok && !now.Before(at) && !p.awaiting[m] && !p.ended(m)
		planned, ok := p.plans[m]
		came := ok && !now.Before(planned)
		switch {
		case came && (!ranOut || !at.Before(planned)):
			p.add(happened{isEnd: true, by: m, how: rules.ByAPI})
			p.over(m)
		case ranOut:
			p.add(happened{isEnd: true, by: m, how: rules.ByWindow})
			p.over(m)
		}
	}
	for _, c := range allThreads {
		closing, ok := p.closings[c]
		if !ok || now.Before(closing.at) || p.lastPatient[c] && !closing.even {
			continue
		}
		p.n++
		for _, m := range p.boxes[c] {
			p.add(happened{isEnd: true, by: m, thread: c, how: rules.ByEpisode, of: closing.of, n: p.n})
		}
		delete(p.closings, c)
	}
}

// over forgets what was announced of an exchange that ended.
func (p *timeline) over(m rules.MailboxID) {
	delete(p.until, m)
	delete(p.awaiting, m)
	delete(p.plans, m)
}

func (p *timeline) add(h happened) { p.out = append(p.out, h) }

// ended reports whether the last end of everything by m came after its last word and the last one that it
// answers for.
func (p *timeline) ended(m rules.MailboxID) bool {
	end, word := -1, -1
	for i, h := range p.out {
		switch {
		case h.isEnd && h.by == m && h.thread == "":
			end = i
		case !h.isEnd && !h.fin && !h.marker && (h.by == m || slices.Contains(h.replyTo, m)):
			word = i
		}
	}
	return end > word
}

// take takes over one thing that happened.
func (p *timeline) take(h happened) {
	switch {
	case h.episode != nil && h.episode.closes:
		p.close(h)
	case h.episode != nil:
		p.cancel()
	case h.isReply:
		p.lastPatient[h.thread], p.touched[h.thread] = true, p.n
		for _, m := range h.replyTo {
			p.awaiting[m] = true
		}
	case h.keeps:
		delete(p.plans, h.by)
	case !h.plans.IsZero():
		p.plans[h.by] = h.plans
	case h.isEnd:
		p.add(h)
		if h.thread == "" {
			p.over(h.by)
		} else {
			p.touched[h.thread] = p.n
		}
	default:
		p.message(h)
	}
}

// message takes over a professional's message.
func (p *timeline) message(h happened) {
	p.add(h)
	if !h.fin && !h.marker {
		delete(p.plans, h.by)
	}
	for _, m := range h.replyTo {
		if h.marker {
			break // its own Reply-To is ignored (D6)
		}
		if !h.fin {
			delete(p.plans, m)
		}
		if _, announced := p.until[m]; !h.fin || announced && p.awaiting[m] {
			p.announce(h, m)
		}
		delete(p.awaiting, m)
	}
	if !slices.Contains(h.replyTo, h.by) && p.awaiting[h.by] { // answers go elsewhere, and yet it wrote last
		if _, announced := p.until[h.by]; announced {
			p.announce(h, h.by)
		}
		delete(p.awaiting, h.by)
	}
	if h.thread == "" {
		return
	}
	if closing, ok := p.closings[h.thread]; ok && p.lastPatient[h.thread] && !closing.even {
		if later := h.at.Add(rules.DefaultAnswer); later.After(closing.at) {
			closing.at = later
			p.closings[h.thread] = closing
		}
	}
	_, known := p.touched[h.thread]
	p.lastPatient[h.thread], p.touched[h.thread] = false, p.n
	if !slices.Contains(p.tagged, h.thread) {
		return
	}
	for _, m := range slices.Concat([]rules.MailboxID{h.by}, h.named(), h.with) {
		of := p.who[m].Structure == "s1" || m == h.by && !known // who tags is of the structure
		if of && !slices.Contains(p.boxes[h.thread], m) {
			p.boxes[h.thread] = append(p.boxes[h.thread], m)
		}
	}
}

// named lists the reply mailboxes that a message names.
func (h happened) named() []rules.MailboxID { return h.asked }

func (p *timeline) announce(h happened, m rules.MailboxID) {
	w := h.windows[m]
	if w.Length == 0 {
		delete(p.until, m)
		return
	}
	length := w.Length
	if _, announced := p.until[m]; announced && p.awaiting[m] {
		length = w.Answer
	}
	if at := h.at.Add(length); at.After(p.until[m]) {
		p.until[m] = at
	}
}

// close announces the ends of the tagged conversations in which somebody of the structure still counts.
func (p *timeline) close(h happened) {
	if p.discharge == 0 {
		p.discharge = p.n
	}
	now := *p.model
	now.history = p.out
	for _, c := range p.tagged {
		speaks := slices.ContainsFunc(now.messages(c), func(i int) bool {
			_, silent := now.covered(i)
			return !silent && (slices.Contains(p.boxes[c], p.out[i].by) || slices.ContainsFunc(p.out[i].replyTo, func(m rules.MailboxID) bool {
				return slices.Contains(p.boxes[c], m)
			}))
		})
		if speaks {
			p.closings[c] = announced{at: h.at.Add(h.episode.grace), even: h.episode.even, of: p.discharge}
		}
	}
}

// cancel takes back the last discharge where nobody did anything since.
func (p *timeline) cancel() {
	if p.discharge == 0 {
		return
	}
	for c, closing := range p.closings {
		if closing.of == p.discharge {
			delete(p.closings, c)
		}
	}
	var back []rules.ConversationID
	for _, c := range p.tagged {
		if p.untouchedSince(c) {
			back = append(back, c)
		}
	}
	p.out = slices.DeleteFunc(p.out, func(e happened) bool {
		return e.isEnd && e.of == p.discharge && slices.Contains(back, e.thread)
	})
	p.discharge = 0
}

// untouchedSince reports whether nobody did anything in c since the last discharge ended it.
func (p *timeline) untouchedSince(c rules.ConversationID) bool {
	return slices.ContainsFunc(p.out, func(e happened) bool {
		return e.isEnd && e.of == p.discharge && e.thread == c && p.touched[c] < e.n
	})
}

// visitEvent tells the rules and the model of an event of the visit.
func (r *run) visitEvent(to rules.EpisodeState, byHand, grace bool) {
	f := rules.EpisodeFacts{
		Next: r.seq + 1, Structure: "s1", Exchanges: r.view().Exchanges, Who: r.who, To: to, At: r.now, Source: rules.ByADT,
		Episode: r.visits["V"].Episode,
	}
	h := happenedEpisode{closes: to == rules.EpisodeClosed}
	if byHand {
		f.Source = rules.ByHand
	}
	if grace {
		f.Grace, h.grace = 90*time.Minute, 90*time.Minute
	}
	h.even = byHand && !grace
	for _, id := range f.Episode.Threads {
		f.Conversations = append(f.Conversations, r.view().Conversations[id])
	}
	v := rules.ChangeEpisode(f, r.now)
	r.apply(v)
	r.visits["V"].Episode = v.Change.Episode.After
	r.note(happened{episode: &h})
}

// story tells what happened, for a failed test.
func (m *model) story() string {
	var b strings.Builder
	for _, h := range m.history {
		fmt.Fprintf(&b, "\n%s %s in %q fin %v marker %v end %v %s to %v cc %v", h.at.Format("15:04"), h.by, h.thread, h.fin, h.marker, h.isEnd, h.how, h.replyTo, h.with)
	}
	return b.String()
}
