"""Prospects, campaigns, members and their responses."""

import sqlalchemy as sa
from alembic import op
from kit.outbox import Xid8
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('branch',
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('institution', 'code', name=op.f('pk_branch'))
    )
    op.create_table('campaign',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('product_code', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('channels', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('audience', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('hold_out_ppm', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.Column('authors', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('launched_by', sa.String(), nullable=True),
    sa.Column('launched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_by', sa.String(), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('treated', sa.Integer(), nullable=True),
    sa.Column('held_out', sa.Integer(), nullable=True),
    sa.Column('holders_excluded', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign'))
    )
    op.create_index('ix_campaign_institution_created', 'campaign', ['institution', 'created_at', 'id'], unique=False)
    op.create_table('feed_cursor',
    sa.Column('producer', sa.String(), nullable=False),
    sa.Column('cursor', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('producer', name=op.f('pk_feed_cursor'))
    )
    op.create_table('idempotency',
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('institution', 'subject', 'key', name=op.f('pk_idempotency'))
    )
    op.create_table('inbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox'))
    )
    op.create_table('institution',
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_institution'))
    )
    op.create_table('outbox',
    sa.Column('seq', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('xid', Xid8(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('traceparent', sa.String(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_outbox')),
    sa.UniqueConstraint('id', name=op.f('uq_outbox_id'))
    )
    op.create_index('ix_outbox_xid_seq', 'outbox', ['xid', 'seq'], unique=False)
    op.create_table('parked_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('producer', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('event', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parked_event'))
    )
    op.create_index(op.f('ix_parked_event_subject'), 'parked_event', ['subject'], unique=False)
    op.create_table('product',
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('on_offer', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('institution', 'code', name=op.f('pk_product'))
    )
    op.create_table('prospect',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('customer_version', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=True),
    sa.Column('born_on', sa.Date(), nullable=True),
    sa.Column('branch_code', sa.String(), nullable=True),
    sa.Column('manager_number', sa.String(), nullable=True),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('tier_version', sa.Integer(), nullable=False),
    sa.Column('tier_code', sa.String(), nullable=True),
    sa.Column('tier_rank', sa.Integer(), nullable=True),
    sa.Column('contribution_version', sa.Integer(), nullable=False),
    sa.Column('contribution_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('window_months', sa.Integer(), nullable=True),
    sa.Column('through', sa.String(), nullable=True),
    sa.Column('products', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('lines', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('consents', postgresql.ARRAY(sa.String()), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_prospect'))
    )
    op.create_index('ix_prospect_institution_tier_rank', 'prospect', ['institution', 'tier_rank'], unique=False)
    op.create_table('prospect_account',
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('product_code', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_prospect_account'))
    )
    op.create_table('prospect_consent',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('given', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'purpose', 'channel', name=op.f('pk_prospect_consent'))
    )
    op.create_table('prospect_holder',
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('account_id', 'customer_id', name=op.f('pk_prospect_holder'))
    )
    op.create_index(op.f('ix_prospect_holder_customer_id'), 'prospect_holder', ['customer_id'], unique=False)
    op.create_table('response',
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('offer_id', 'version', name=op.f('pk_response'))
    )
    op.create_table('tier',
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('institution', 'code', name=op.f('pk_tier'))
    )
    op.create_table('member',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('institution', sa.String(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('responded_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_member_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('campaign_id', 'customer_id', name=op.f('pk_member')),
    sa.UniqueConstraint('offer_id', name=op.f('uq_member_offer_id'))
    )
    op.create_index('ix_member_customer_id', 'member', ['customer_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_member_customer_id', table_name='member')
    op.drop_table('member')
    op.drop_table('tier')
    op.drop_table('response')
    op.drop_index(op.f('ix_prospect_holder_customer_id'), table_name='prospect_holder')
    op.drop_table('prospect_holder')
    op.drop_table('prospect_consent')
    op.drop_table('prospect_account')
    op.drop_index('ix_prospect_institution_tier_rank', table_name='prospect')
    op.drop_table('prospect')
    op.drop_table('product')
    op.drop_index(op.f('ix_parked_event_subject'), table_name='parked_event')
    op.drop_table('parked_event')
    op.drop_index('ix_outbox_xid_seq', table_name='outbox')
    op.drop_table('outbox')
    op.drop_table('institution')
    op.drop_table('inbox')
    op.drop_table('idempotency')
    op.drop_table('feed_cursor')
    op.drop_index('ix_campaign_institution_created', table_name='campaign')
    op.drop_table('campaign')
    op.drop_table('branch')
