"""Sample webhooks that belong together: from a quotation to a paid invoice, and its project."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.standins.erpnext.sender import Webhook
from tests.standins.outgoing import OutgoingRequest

COMPANY = "Ons BV"
SELLER, LEADER, ENGINEER = (f"{one}@ons.example.test" for one in ("p.smit", "m.dijk", "a.bos"))
FINANCE = "fin@ons.example.test"
CUSTOMERS = (
    ("Acme Corp", 50_000.0, "Project X"),
    ("Klant BV", 12_480.5, "Customer portal"),
    ("Voorbeeld Groothandel", 8_250.0, "Warehouse scanners"),
    ("Globex Logistics", 1_240_000.0, "Fleet tracking"),
)
VAT = 1.21
FIRST_NUMBER = 42
JSON_ROW = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Story:
    """One customer's documents, which share a number."""

    number: int
    customer: str
    net_total: float
    project_name: str
    began_at: datetime

    def numbered(self, prefix: str, number: int) -> str:
        return f"{prefix}{self.began_at:%Y}-{number:05d}"

    def document(self, doctype: str, name: str, **fields: Any) -> dict[str, Any]:
        """Times as a site writes them: in its own zone (here UTC), without an offset."""
        return {
            "doctype": doctype,
            "name": name,
            "docstatus": 0,
            "idx": 0,
            "creation": f"{self.began_at:%Y-%m-%d %H:%M:%S.%f}",
            "company": COMPANY,
            **fields,
        }

    def sale(self, doctype: str, prefix: str, **fields: Any) -> dict[str, Any]:
        money = {
            "currency": "EUR",
            "net_total": self.net_total,
            "grand_total": self.grand_total,
        }
        names = {"owner": SELLER, "customer": self.customer, "customer_name": self.customer}
        name = self.numbered(prefix, self.number)
        return self.document(doctype, name, docstatus=1) | names | money | fields

    def invoice(self, status: str, outstanding: float) -> dict[str, Any]:
        due = self.began_at - timedelta(days=1)
        return self.sale(
            "Sales Invoice",
            "ACC-SINV-",
            modified_by=FINANCE,
            status=status,
            due_date=f"{due:%Y-%m-%d}",
            outstanding_amount=outstanding,
            is_return=0,
        )

    def task(self, number: int, subject: str, **fields: Any) -> dict[str, Any]:
        return self.document(
            "Task",
            self.numbered("TASK-", number),
            owner=LEADER,
            modified_by=ENGINEER,
            subject=subject,
            project=self.project_id,
            is_group=0,
            exp_end_date=f"{self.began_at:%Y-%m-%d} 17:00:00",
            **fields,
        )

    def comment(self, about: dict[str, Any], text: str) -> dict[str, Any]:
        return self.document(
            "Comment",
            f"{self.number:010x}",
            owner=ENGINEER,
            comment_type="Comment",
            comment_email=ENGINEER,
            comment_by="Anna Bos",
            reference_doctype=about["doctype"],
            reference_name=about["name"],
            content=f'<div class="ql-editor read-mode"><p>{text}</p></div>',
        )

    def project(self) -> dict[str, Any]:
        return self.document(
            "Project",
            self.project_id,
            owner=LEADER,
            modified_by=LEADER,
            project_name=self.project_name,
            customer=self.customer,
            status="Completed",
        )

    @property
    def project_id(self) -> str:
        return f"PROJ-{self.number:04d}"

    @property
    def grand_total(self) -> float:
        return round(self.net_total * VAT, 2)

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        manual = self.task(self.number * 2, "Manual", status="Overdue", is_milestone=0)
        phase = self.task(self.number * 2 + 1, "Phase 1", status="Completed", is_milestone=1)
        yield "quotation.accepted", self.sale("Quotation", "SAL-QTN-", status="Ordered")
        yield "deal.won", self.sale("Sales Order", "SAL-ORD-", status="To Deliver and Bill")
        yield "invoice.submitted", self.invoice("Unpaid", self.grand_total)
        yield "task.overdue", manual
        yield "task.completed", phase
        yield "comment.added", self.comment(phase, "The customer has approved it.")
        yield "invoice.overdue", self.invoice("Overdue", self.grand_total)
        yield "invoice.paid", self.invoice("Paid", 0.0)
        yield "project.completed", self.project()


def traffic(
    secret: str,
    *,
    first_number: int = FIRST_NUMBER,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[OutgoingRequest]:
    """Without end. Another `first_number` tells of other documents."""
    number = first_number
    while True:
        customer, net_total, project_name = CUSTOMERS[number % len(CUSTOMERS)]
        story = Story(number, customer, net_total, project_name, clock())
        for event, document in story.steps():
            document["modified"] = f"{clock():%Y-%m-%d %H:%M:%S.%f}"
            yield _request(secret, event, document, story)
        number += 1


def _request(secret: str, event: str, document: dict[str, Any], story: Story) -> OutgoingRequest:
    """Every other story has no row for the content type, as most sites have none."""
    rows = JSON_ROW if story.number % 2 else {}
    body = {
        "event": event,
        "site": "erpnext.example.test",
        "doctype": document["doctype"],
        "name": document["name"],
        "project_name": story.project_name if document["doctype"] == "Task" else None,
        "doc": document,
    }
    return Webhook(secret=secret, header_rows=rows).build(body)
